// All or nothing: what is not committed when the object dies is undone.
#pragma once

#include "db/connection.hpp"

namespace mailferry::db {

/// Must not outlive its Connection; one at a time.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Connection& connection);

  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  /// Rolls back unless committed.
  ~Transaction();

  /// Returns when all is on the disk (one fsync). After an error nothing of it is stored.
  [[nodiscard]] Result<> commit();

 private:
  explicit Transaction(Connection& connection) noexcept : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace mailferry::db
