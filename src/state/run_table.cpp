#include "state/run_table.hpp"

#include "state/run_text.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

namespace mailferry::state {
namespace {

using Entry = std::pair<RouteId, SettledRun>;

/// A row of this many runs is rewritten in a moment, and its own cost is nothing beside theirs.
constexpr std::size_t kRowRuns = 200;
/// Runs that are brought together with what is there at once: few enough that their memory is used again.
constexpr std::size_t kTogether = 4 * kRowRuns;
/// Runs further apart than this are not told in one row, so that nothing between them has to be looked at.
constexpr std::uint64_t kNear = 1000;

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

/// What of `run` is not covered by `covers`, which ascend and do not overlap, is added to `out`.
void cut_out(const SettledRun& run, std::span<const SettledRun> covers, std::vector<SettledRun>& out) {
  std::uint64_t from = run.source;
  for (const SettledRun& cover : covers) {
    if (end_of(cover) <= from) continue;
    if (cover.source >= end_of(run)) break;
    if (cover.source > from) out.push_back(clip(run, from, cover.source - 1));
    from = end_of(cover);
  }
  if (from < end_of(run)) out.push_back(clip(run, from, end_of(run) - 1));
}

/// Ascending by source UID, with runs that continue each other made one.
void normalize(std::vector<SettledRun>& runs) {
  if (!std::ranges::is_sorted(runs, {}, &SettledRun::source)) std::ranges::stable_sort(runs, {}, &SettledRun::source);
  if (std::ranges::adjacent_find(runs, continues) == runs.end()) return;
  std::vector<SettledRun> merged;
  merged.reserve(runs.size());
  for (SettledRun& run : runs) {
    if (!merged.empty() && continues(merged.back(), run)) {
      merged.back().count += run.count;
    } else {
      merged.push_back(std::move(run));
    }
  }
  runs = std::move(merged);
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
    std::vector<SettledRun> near;
    near.reserve(std::min(kTogether, static_cast<std::size_t>(order.end() - at)));
    do {
      near.push_back((*at)->second);
      ++at;
    } while (at != order.end() && near.size() < kTogether && (*at)->first == route &&
             (*at)->second.source >= end_of(near.back()) && (*at)->second.source - end_of(near.back()) <= kNear);
    CHECK_OK(insert(route, std::move(near)));
  }
  return {};
}

Result<> RunTable::insert(RouteId route, std::vector<SettledRun> runs) {
  const UidRange all{runs.front().source, static_cast<Uid>(end_of(runs.back()) - 1)};
  TRY(std::optional<Row> before, at_or_before(route, all.first));
  // Rows in between are taken apart and told anew together with these runs.
  const bool extend =
      before && (before->last >= all.first || (before->runs.size() < kRowRuns && all.first - before->last <= kNear));
  std::optional<Row> row = extend ? std::move(before) : std::nullopt;
  if (!row) {
    TRY(row, first_overlap(route, all));
  }
  std::vector<SettledRun> old;
  while (row) {
    std::ranges::move(row->runs, std::back_inserter(old));
    CHECK_OK(erase(route, row->first));
    if (row->last >= all.last) break;
    TRY(row, first_overlap(route, {std::max(row->last + 1, all.first), all.last}));
  }
  // Before the new runs, where most of them belong.
  std::vector<SettledRun> kept;
  for (const SettledRun& run : old)
    cut_out(run, runs, kept);
  runs.insert(runs.begin(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
  normalize(runs);
  return write(route, runs);
}

Result<> RunTable::set_flags(RouteId route, UidRange range, const Flags& flags) {
  return edit(route, range, [&](const SettledRun& piece, std::vector<SettledRun>& out) {
    out.push_back(piece);
    out.back().flags = flags;
  });
}

Result<> RunTable::forget(RouteId route, UidRange range) {
  return edit(route, range, [](const SettledRun&, std::vector<SettledRun>&) {});
}

/// Row by row, so that memory does not grow with the range: `change` says what becomes of each piece in the range.
template <class Change>
Result<> RunTable::edit(RouteId route, UidRange range, Change change) {
  for (std::uint64_t from = range.first; from <= range.last;) {
    TRY(const std::optional<Row> row, first_overlap(route, {static_cast<Uid>(from), range.last}));
    if (!row) break;
    std::vector<SettledRun> edited;
    for (const SettledRun& run : row->runs) {
      const std::uint64_t last = end_of(run) - 1;
      const std::uint64_t begin = std::max<std::uint64_t>(run.source, range.first);
      const std::uint64_t end = std::min<std::uint64_t>(last, range.last);
      if (begin > end) {
        edited.push_back(run);
        continue;
      }
      if (run.source < begin) edited.push_back(clip(run, run.source, begin - 1));
      change(clip(run, begin, end), edited);
      if (end < last) edited.push_back(clip(run, end + 1, last));
    }
    normalize(edited);
    CHECK_OK(erase(route, row->first));
    CHECK_OK(write(route, edited));
    from = std::uint64_t{row->last} + 1;
  }
  return {};
}

Result<std::vector<SettledRun>> RunTable::page(RouteId route, Uid from, std::size_t limit) {
  std::vector<SettledRun> runs;
  TRY(db::Statement rows,
      connection_->prepare(
          "SELECT first, last, runs FROM settled WHERE route = ?1 AND last >= ?2 AND first >= "
          "ifnull((SELECT max(first) FROM settled WHERE route = ?1 AND first <= ?2), 0) ORDER BY first"));
  rows.bind(route, from);
  while (runs.size() < limit) {
    TRY(const bool has_row, rows.step());
    if (!has_row) break;
    TRY(const Row row, read(rows));
    if (!runs.empty() && row.first < end_of(runs.back())) return unreadable(row.first);
    for (const SettledRun& run : row.runs) {
      if (runs.size() < limit && end_of(run) > from) runs.push_back(clip(run, from, end_of(run) - 1));
    }
  }
  return runs;
}

Result<Uid> RunTable::highest(RouteId route) {
  TRY(const std::optional<Row> last, at_or_before(route, std::numeric_limits<Uid>::max()));
  return last ? last->last : 0;
}

std::unexpected<Error> RunTable::unreadable(Uid first) const {
  return fail(
      ErrorKind::state_corrupt, Scope::run,
      fmt::format("{} has a row of settled messages that cannot be read (from UID {})", connection_->path(), first),
      "restore the file from a backup, or move it away to begin a new one");
}

Result<RunTable::Row> RunTable::read(const db::Statement& row) const {
  Row result{.first = static_cast<Uid>(row.integer(0)), .last = static_cast<Uid>(row.integer(1))};
  auto runs = parse_runs(result.first, row.text(2));
  if (!runs || end_of(runs->back()) - 1 != result.last) return unreadable(result.first);
  result.runs = *std::move(runs);
  return result;
}

Result<std::optional<RunTable::Row>> RunTable::at_or_before(RouteId route, Uid uid) {
  TRY(db::Statement row, connection_->prepare("SELECT first, last, runs FROM settled "
                                              "WHERE route = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1"));
  row.bind(route, uid);
  TRY(const bool has_row, row.step());
  if (!has_row) return std::nullopt;
  TRY(Row found, read(row));
  return found;
}

Result<std::optional<RunTable::Row>> RunTable::first_overlap(RouteId route, UidRange range) {
  TRY(std::optional<Row> across, at_or_before(route, range.first));
  if (across && across->last >= range.first) return across;
  TRY(db::Statement row, connection_->prepare("SELECT first, last, runs FROM settled "
                                              "WHERE route = ?1 AND first BETWEEN ?2 AND ?3 ORDER BY first LIMIT 1"));
  row.bind(route, range.first, range.last);
  TRY(const bool has_row, row.step());
  if (!has_row) return std::nullopt;
  TRY(Row found, read(row));
  return found;
}

Result<> RunTable::erase(RouteId route, Uid first) {
  TRY(db::Statement statement, connection_->prepare("DELETE FROM settled WHERE route = ?1 AND first = ?2"));
  return statement.run(route, first);
}

Result<> RunTable::write(RouteId route, std::span<const SettledRun> runs) {
  while (!runs.empty()) {
    const auto part = runs.first(std::min(runs.size(), kRowRuns));
    TRY(db::Statement statement, connection_->prepare("INSERT INTO settled VALUES (?1, ?2, ?3, ?4)"));
    CHECK_OK(statement.run(route, part.front().source, end_of(part.back()) - 1, to_text(part)));
    runs = runs.subspan(part.size());
  }
  return {};
}

}  // namespace mailferry::state
