#include "state/batch_writer.hpp"

#include <fmt/format.h>

namespace mailferry::state {

Result<> check_batch(const Batch& batch) {
  for (const auto& [route, run] : batch.settled) {
    if (is_possible(run)) continue;
    return fail(ErrorKind::protocol, Scope::mailbox,
                fmt::format("{} messages from UID {} to UID {} cannot be recorded: no mailbox has such UIDs", run.count,
                            run.source, run.destination),
                "report this with the name and version of the server");
  }
  return {};
}

Result<std::vector<RouteId>> BatchWriter::write(const Batch& batch) {
  std::vector<RouteId> ids;
  ids.reserve(batch.routes.size());
  for (const Route& route : batch.routes) {
    TRY(const RouteId id, write_route(route));
    ids.push_back(id);
  }
  CHECK_OK(write_intents(batch));
  CHECK_OK(write_messages(batch));
  CHECK_OK(write_parked(batch));
  CHECK_OK(write_notes(batch));
  return ids;
}

Result<RouteId> BatchWriter::write_route(const Route& route) {
  if (route.id == 0) return insert_route(route);
  TRY(db::Statement update,
      connection_->prepare("UPDATE route SET source_uid_next = ?3, source_modseq = ?4, source_messages = ?5 "
                           "WHERE id = ?1 AND pair = ?2"));
  CHECK_OK(update.run(route.id, pair_, route.source_uid_next, route.source_modseq, route.source_messages));
  if (connection_->changes() == 1) return route.id;
  return fail(ErrorKind::state_corrupt, Scope::run,
              fmt::format("{} has no route {} for this pair of accounts", connection_->path(), route.id),
              "this should not happen: please report it");
}

Result<RouteId> BatchWriter::insert_route(const Route& route) {
  TRY(db::Statement insert,
      connection_->prepare(
          "INSERT INTO route (pair, source_mailbox, destination_mailbox, source_validity, destination_validity, "
          "source_uid_next, source_modseq, source_messages) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
          "ON CONFLICT DO UPDATE SET source_uid_next = ?6, source_modseq = ?7, source_messages = ?8 RETURNING id"));
  insert.bind(pair_, route.source_mailbox, route.destination_mailbox, route.source_validity, route.destination_validity,
              route.source_uid_next, route.source_modseq, route.source_messages);
  RouteId id = 0;
  for (;;) {
    TRY(const bool has_row, insert.step());
    if (!has_row) return id;
    id = insert.integer(0);
  }
}

Result<> BatchWriter::write_intents(const Batch& batch) {
  for (const RouteId route : batch.closed_intents)
    CHECK_OK(close_intent(route));
  for (const Intent& intent : batch.intents) {
    if (intent.source.empty()) {
      CHECK_OK(close_intent(intent.route));
      continue;
    }
    TRY(db::Statement replace, connection_->prepare("INSERT OR REPLACE INTO intent VALUES (?1, ?2, ?3)"));
    CHECK_OK(replace.run(intent.route, intent.source.to_string(), intent.destination_from));
  }
  return {};
}

Result<> BatchWriter::close_intent(RouteId route) {
  TRY(db::Statement close, connection_->prepare("DELETE FROM intent WHERE route = ?1"));
  return close.run(route);
}

Result<> BatchWriter::write_messages(const Batch& batch) {
  for (const auto& [route, uids] : batch.forgotten) {
    for (const UidRange& range : uids.ranges())
      CHECK_OK(runs_.forget(route, range));
  }
  CHECK_OK(runs_.settle(batch.settled));
  for (const auto& [route, changes] : batch.flags) {
    for (const auto& [uids, flags] : changes) {
      for (const UidRange& range : uids.ranges())
        CHECK_OK(runs_.set_flags(route, range, flags));
    }
  }
  return {};
}

Result<> BatchWriter::write_parked(const Batch& batch) {
  for (const auto& [route, uids] : batch.unparked) {
    for (const UidRange& range : uids.ranges()) {
      TRY(db::Statement erase,
          connection_->prepare("DELETE FROM parked WHERE route = ?1 AND source BETWEEN ?2 AND ?3"));
      CHECK_OK(erase.run(route, range.first, range.last));
    }
  }
  for (const Parked& message : batch.parked) {
    TRY(db::Statement replace, connection_->prepare("INSERT OR REPLACE INTO parked VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    CHECK_OK(
        replace.run(message.route, message.source, message.reason, message.remedy, message.attempts, message.since));
  }
  return {};
}

Result<> BatchWriter::write_notes(const Batch& batch) {
  for (const auto& [key, value] : batch.notes) {
    TRY(db::Statement replace, connection_->prepare("INSERT OR REPLACE INTO note VALUES (?1, ?2, ?3)"));
    CHECK_OK(replace.run(pair_, key, value));
  }
  return {};
}

}  // namespace mailferry::state
