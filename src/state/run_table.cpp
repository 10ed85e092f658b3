#include "state/run_table.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace mailferry::state {
namespace {

using Entry = std::pair<RouteId, SettledRun>;

SettledRun read_run(const db::Statement& row) {
  return {.source = static_cast<Uid>(row.integer(0)),
          .count = static_cast<std::uint32_t>(row.integer(1)),
          .destination = static_cast<Uid>(row.integer(2)),
          .flags = Flags::from_string(row.text(3))};
}

Result<std::optional<SettledRun>> read_one(db::Statement& statement) {
  TRY(const bool has_row, statement.step());
  if (!has_row) return std::nullopt;
  return read_run(statement);
}

bool overlaps(const SettledRun& run, const Entry& next) noexcept {
  return end_of(run) > next.second.source;
}

/// By route and source UID, so that runs which continue each other meet. Where some overlap, their order has a meaning
/// and only the routes are brought together.
std::vector<const Entry*> in_order(std::span<const Entry> runs) {
  std::vector<const Entry*> order;
  order.reserve(runs.size());
  for (const Entry& entry : runs)
    order.push_back(&entry);
  const auto by_source = [](const Entry* left, const Entry* right) {
    return std::tie(left->first, left->second.source) < std::tie(right->first, right->second.source);
  };
  if (std::ranges::is_sorted(order, by_source)) return order;
  std::vector<const Entry*> sorted = order;
  std::ranges::stable_sort(sorted, by_source);
  const bool has_overlap = std::ranges::adjacent_find(sorted, [](const Entry* left, const Entry* right) {
                             return left->first == right->first && overlaps(left->second, *right);
                           }) != sorted.end();
  if (!has_overlap) return sorted;
  std::ranges::stable_sort(order, {}, &Entry::first);
  return order;
}

}  // namespace

std::uint64_t end_of(const SettledRun& run) noexcept {
  return std::uint64_t{run.source} + run.count;
}

bool continues(const SettledRun& run, const SettledRun& next) noexcept {
  const bool destination_continues =
      run.destination == 0 ? next.destination == 0 : std::uint64_t{run.destination} + run.count == next.destination;
  return end_of(run) == next.source && destination_continues && run.flags == next.flags;
}

SettledRun clip(const SettledRun& run, std::uint64_t first, std::uint64_t last) {
  const std::uint64_t begin = std::max<std::uint64_t>(run.source, first);
  const std::uint64_t end = std::min(end_of(run), last + 1);
  const auto skipped = static_cast<Uid>(begin - run.source);
  return {.source = static_cast<Uid>(begin),
          .count = static_cast<std::uint32_t>(end - begin),
          .destination = run.destination == 0 ? 0 : run.destination + skipped,
          .flags = run.flags};
}

bool is_possible(const SettledRun& run) noexcept {
  constexpr std::uint64_t kEnd = std::numeric_limits<Uid>::max();
  return run.source > 0 && run.count > 0 && end_of(run) <= kEnd && std::uint64_t{run.destination} + run.count <= kEnd;
}

Result<> RunTable::settle(std::span<const Entry> runs) {
  const std::vector<const Entry*> order = in_order(runs);
  for (auto at = order.begin(); at != order.end();) {
    const RouteId route = (*at)->first;
    TRY(std::optional<SettledRun> tail, last(route));
    while (at != order.end() && (*at)->first == route) {
      SettledRun run = (*at)->second;
      for (++at; at != order.end() && (*at)->first == route && continues(run, (*at)->second); ++at) {
        run.count += (*at)->second.count;
      }
      CHECK_OK(add(route, run, tail));
    }
  }
  return {};
}

/// `tail` is the last stored run of the route and is kept so: what comes after it costs one statement.
Result<> RunTable::add(RouteId route, const SettledRun& run, std::optional<SettledRun>& tail) {
  if (tail && run.source < end_of(*tail)) {
    CHECK_OK(forget(route, {run.source, static_cast<Uid>(end_of(run) - 1)}));
    CHECK_OK(put(route, run));
    TRY(tail, last(route));
    return {};
  }
  if (tail && continues(*tail, run)) {
    tail->count += run.count;
    return resize(route, tail->source, tail->count);
  }
  tail = run;
  return insert(route, run);
}

Result<> RunTable::set_flags(RouteId route, UidRange range, const Flags& flags) {
  for (std::uint64_t from = range.first; from <= range.last;) {
    TRY(const std::optional<SettledRun> run, first_overlap(route, {static_cast<Uid>(from), range.last}));
    if (!run) break;
    SettledRun piece = clip(*run, from, range.last);
    from = end_of(piece);
    if (run->flags == flags) continue;
    CHECK_OK(cut(route, *run, piece));
    piece.flags = flags;
    CHECK_OK(put(route, std::move(piece)));
  }
  return {};
}

Result<> RunTable::forget(RouteId route, UidRange range) {
  for (;;) {
    TRY(const std::optional<SettledRun> run, first_overlap(route, range));
    if (!run) return {};
    CHECK_OK(cut(route, *run, clip(*run, range.first, range.last)));
  }
}

Result<std::vector<SettledRun>> RunTable::page(RouteId route, Uid from, std::size_t limit) {
  std::vector<SettledRun> runs;
  if (limit == 0) return runs;
  // The run across `from` may have grown since the page before ended there.
  TRY(const std::optional<SettledRun> across, at_or_before(route, from));
  if (across && end_of(*across) > from) runs.push_back(clip(*across, from, end_of(*across)));
  TRY(db::Statement rows, connection_->prepare("SELECT source, count, destination, flags FROM settled "
                                               "WHERE route = ?1 AND source > ?2 ORDER BY source LIMIT ?3"));
  rows.bind(route, from, limit - runs.size());
  for (;;) {
    TRY(const bool has_row, rows.step());
    if (!has_row) return runs;
    runs.push_back(read_run(rows));
  }
}

Result<std::optional<SettledRun>> RunTable::last(RouteId route) {
  return at_or_before(route, std::numeric_limits<Uid>::max());
}

Result<std::optional<SettledRun>> RunTable::at_or_before(RouteId route, Uid uid) {
  TRY(db::Statement row, connection_->prepare("SELECT source, count, destination, flags FROM settled "
                                              "WHERE route = ?1 AND source <= ?2 ORDER BY source DESC LIMIT 1"));
  row.bind(route, uid);
  return read_one(row);
}

Result<std::optional<SettledRun>> RunTable::first_overlap(RouteId route, UidRange range) {
  TRY(std::optional<SettledRun> across, at_or_before(route, range.first));
  if (across && end_of(*across) > range.first) return across;
  TRY(db::Statement row, connection_->prepare("SELECT source, count, destination, flags FROM settled "
                                              "WHERE route = ?1 AND source BETWEEN ?2 AND ?3 ORDER BY source LIMIT 1"));
  row.bind(route, range.first, range.last);
  return read_one(row);
}

Result<> RunTable::insert(RouteId route, const SettledRun& run) {
  TRY(db::Statement statement, connection_->prepare("INSERT INTO settled VALUES (?1, ?2, ?3, ?4, ?5)"));
  return statement.run(route, run.source, run.count, run.destination, run.flags.to_string());
}

Result<> RunTable::resize(RouteId route, Uid source, std::uint64_t count) {
  TRY(db::Statement statement, connection_->prepare("UPDATE settled SET count = ?3 WHERE route = ?1 AND source = ?2"));
  return statement.run(route, source, count);
}

Result<> RunTable::erase(RouteId route, Uid source) {
  TRY(db::Statement statement, connection_->prepare("DELETE FROM settled WHERE route = ?1 AND source = ?2"));
  return statement.run(route, source);
}

/// Takes `piece` out of the stored `run`, leaving what is left and right of it.
Result<> RunTable::cut(RouteId route, const SettledRun& run, const SettledRun& piece) {
  if (piece.source > run.source) {
    CHECK_OK(resize(route, run.source, piece.source - run.source));
  } else {
    CHECK_OK(erase(route, run.source));
  }
  if (end_of(piece) == end_of(run)) return {};
  return insert(route, clip(run, end_of(piece), end_of(run)));
}

/// Stores a run where there is none, together with the neighbours that it continues.
Result<> RunTable::put(RouteId route, SettledRun run) {
  TRY(const std::optional<SettledRun> right, at_or_before(route, static_cast<Uid>(end_of(run))));
  if (right && continues(run, *right)) {
    CHECK_OK(erase(route, right->source));
    run.count += right->count;
  }
  TRY(const std::optional<SettledRun> left, at_or_before(route, run.source));
  if (left && continues(*left, run)) return resize(route, left->source, std::uint64_t{left->count} + run.count);
  return insert(route, run);
}

}  // namespace mailferry::state
