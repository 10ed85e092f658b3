// What a Batch changes, table by table. The order, the transaction and the lock are the Journal's.
#pragma once

#include "db/connection.hpp"
#include "state/journal.hpp"
#include "state/run_table.hpp"

#include <string>
#include <utility>
#include <vector>

namespace mailferry::state {

/// Refuses what no mailbox can have: zero or wrapping UIDs. Error{protocol, mailbox}.
[[nodiscard]] Result<> check_batch(const Batch& batch);

/// Writes inside a transaction of the caller. Must not outlive its Connection.
class BatchWriter {
 public:
  BatchWriter(db::Connection& connection, PairId pair) noexcept
      : connection_(&connection), runs_(connection), pair_(pair) {}

  /// Everything of the batch, in the order that Batch promises. Gives the ids of `batch.routes`.
  [[nodiscard]] Result<std::vector<RouteId>> write(const Batch& batch);

 private:
  [[nodiscard]] Result<RouteId> write_route(const Route& route);
  [[nodiscard]] Result<RouteId> insert_route(const Route& route);
  [[nodiscard]] Result<> write_intents(const Batch& batch);
  [[nodiscard]] Result<> close_intent(RouteId route);
  [[nodiscard]] Result<> write_messages(const Batch& batch);
  [[nodiscard]] Result<> write_parked(const Batch& batch);
  [[nodiscard]] Result<> write_notes(const Batch& batch);

  db::Connection* connection_;
  RunTable runs_;
  PairId pair_;
};

}  // namespace mailferry::state
