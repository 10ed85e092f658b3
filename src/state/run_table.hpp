// The settled runs of all routes: disjoint ranges of source UIDs, kept as few as they can be.
#pragma once

#include "db/connection.hpp"
#include "state/journal.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace mailferry::state {

/// The UID after the last of a run; never wraps.
[[nodiscard]] std::uint64_t end_of(const SettledRun& run) noexcept;

/// Whether `next` may be told as more of `run`: source and destination UIDs go on and the flags are equal.
[[nodiscard]] bool continues(const SettledRun& run, const SettledRun& next) noexcept;

/// The part of `run` from `first` to `last`; they must overlap.
[[nodiscard]] SettledRun clip(const SettledRun& run, std::uint64_t first, std::uint64_t last);

/// A run that IMAP can have: UIDNEXT is 32 bits wide as well, so the highest UID is 2^32 - 2 (RFC 9051 §2.3.1.1).
[[nodiscard]] bool is_possible(const SettledRun& run) noexcept;

/// Rows hold many runs each (see run_text.hpp): flags differ from message to message, and a row a message would cost
/// more than the message's own bookkeeping. Writes must be inside a transaction of the caller. Not thread-safe. Must
/// not outlive its Connection.
class RunTable {
 public:
  explicit RunTable(db::Connection& connection) noexcept : connection_(&connection) {}

  /// Stores runs of any routes in any order; where they overlap each other or what is stored, the later ones count.
  [[nodiscard]] Result<> settle(std::span<const std::pair<RouteId, SettledRun>> runs);
  /// Of the settled messages in `range`; others stay unknown.
  [[nodiscard]] Result<> set_flags(RouteId route, UidRange range, const Flags& flags);
  [[nodiscard]] Result<> forget(RouteId route, UidRange range);
  /// Up to `limit` runs in ascending order, beginning with UID `from`: a run that lies across it is clipped.
  [[nodiscard]] Result<std::vector<SettledRun>> page(RouteId route, Uid from, std::size_t limit);
  /// The highest source UID; 0: none.
  [[nodiscard]] Result<Uid> highest(RouteId route);

 private:
  struct Row {
    Uid first = 0;
    Uid last = 0;
    std::vector<SettledRun> runs{};
  };

  [[nodiscard]] std::unexpected<Error> unreadable(Uid first) const;
  [[nodiscard]] Result<Row> read(const db::Statement& row) const;
  [[nodiscard]] Result<std::optional<Row>> at_or_before(RouteId route, Uid uid);
  /// The first row that reaches into `range`.
  [[nodiscard]] Result<std::optional<Row>> first_overlap(RouteId route, UidRange range);
  [[nodiscard]] Result<> erase(RouteId route, Uid first);
  [[nodiscard]] Result<> write(RouteId route, std::span<const SettledRun> runs);
  template <class Change>
  [[nodiscard]] Result<> edit(RouteId route, UidRange range, Change change);
  /// Ascending, disjoint runs; what was stored of the same messages is replaced.
  [[nodiscard]] Result<> insert(RouteId route, std::vector<SettledRun> runs);

  db::Connection* connection_;
};

}  // namespace mailferry::state
