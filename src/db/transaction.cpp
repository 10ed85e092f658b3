#include "db/transaction.hpp"

namespace mailferry::db {

Result<Transaction> Transaction::begin(Connection& connection) {
  TRY(Statement statement, connection.prepare("BEGIN IMMEDIATE"));
  CHECK_OK(statement.run());
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  // A rollback of the log is a matter of memory; if it fails, the next BEGIN says so.
  [[maybe_unused]] const Result<> undone = connection_->execute("ROLLBACK");
}

Result<> Transaction::commit() {
  TRY(Statement statement, connection_->prepare("COMMIT"));
  CHECK_OK(statement.run());
  connection_ = nullptr;
  return {};
}

}  // namespace mailferry::db
