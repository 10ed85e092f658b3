#include "sync/doubt.hpp"

#include "sync/claims.hpp"
#include "sync/identity_match.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

constexpr std::chrono::milliseconds kLookEvery{250};
constexpr std::chrono::milliseconds kMostQuiet{30'000};
/// A server that never comes to rest (others deliver into the mailbox) is not waited for longer than this.
constexpr std::chrono::seconds kLongestWait{120};

Task<UidSet> list_from(store::Session& session, const RouteWork& work, Uid from) {
  const std::vector<store::ScanRequest> requests{scan_of(work.destination, work.route.destination_validity, from)};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(auto results, co_await session.scan(requests, no_sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  co_return std::move(results.front()->uids);
}

/// After a broken connection the server may still be storing what it had received. Waits until the mailbox has not
/// changed for several times as long as the slowest append took.
Task<UidSet> candidates(RunContext& context, store::Session& session, const RouteWork& work, Uid from) {
  CO_TRY(auto seen, co_await list_from(session, work, from));
  const auto quiet = std::clamp(context.slowest_append * 3, context.settings.least_quiet, kMostQuiet);
  const auto look_every = std::min(kLookEvery, quiet / 8);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto give_up = now() + kLongestWait;
  auto last_change = work.doubt_since.value_or(now() - quiet);
  while (!context.stopping && now() < std::min(give_up, last_change + quiet)) {
    co_await async::sleep_for(look_every, context.stop_requested);
    CO_TRY(auto again, co_await list_from(session, work, from));
    if (again == seen) continue;
    seen = std::move(again);
    last_change = now();
  }
  seen.remove(work.known_destination);
  co_return seen;
}

/// What the destination has besides may be what the interrupted append gave it and the source has taken away since, or
/// what its owner has set there: flags are added and none is taken away.
void settle_found(RunContext& context, RouteWork& work, const MatchedMessage& match) {
  const auto missing = match.source_flags.minus(match.destination_flags);
  const auto common = match.source_flags.minus(missing);
  if (!missing.empty()) {
    work.flag_work.push_back({.source = UidSet(UidRange{match.source, match.source}),
                              .destination = UidSet(UidRange{match.destination, match.destination}),
                              .before = common,
                              .now = match.source_flags});
    ++work.report->flags_planned;
  }
  context.journal.settle(work.route.id, match.source, match.destination, common);
  work.known_destination.add(match.destination);
  ++work.report->recovered;
  ++context.progress.settled_messages;
}

/// What belongs to others in the same mailbox, to be left out.
Task<UidSet> claimed_by_others(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from) {
  CO_TRY(auto claimed, co_await claimed_by_siblings(context, pair, work, from));
  CO_TRY(const auto stored, context.journal.journal().routes(context.journal.pair()));
  CO_CHECK(co_await add_claims_of_earlier_runs(context, pair, stored, work, from, claimed));
  if (from == 1) CO_CHECK(co_await add_own_claims(context, pair, work, from, claimed));
  co_return claimed;
}

/// Without UIDPLUS nobody told which of the new messages are accounted for: they take their share of equal ones first.
Task<> leave_out_untold(SessionPair& pair, RouteWork& work, UidSet& found) {
  if (work.settled.empty()) co_return Result<>{};
  auto source = scan_of(work.source, work.route.source_validity);
  auto destination = scan_of(work.destination, work.route.destination_validity);
  source.uids = work.settled;
  destination.uids = found;
  const UidSet none;
  CO_TRY(const auto accounted, co_await match_by_identity(pair, source, destination, none));
  for (const auto& match : accounted)
    work.known_destination.add(match.destination);
  found.remove(work.known_destination);
  co_return Result<>{};
}

Task<> look_up(RunContext& context, SessionPair& pair, RouteWork& work, Uid from, UidSet found) {
  CO_TRY(const auto claimed, co_await claimed_by_others(context, pair, work, from));
  found.remove(claimed);
  if (from != 1) CO_CHECK(co_await leave_out_untold(pair, work, found));
  auto source = scan_of(work.source, work.route.source_validity);
  auto destination = scan_of(work.destination, work.route.destination_validity);
  source.uids = work.doubt;
  destination.uids = found;
  CO_TRY(auto matched, co_await match_by_identity(pair, source, destination, work.known_destination));
  std::ranges::sort(matched, {}, &MatchedMessage::source);
  UidSet settled;
  for (const auto& match : matched) {
    settle_found(context, work, match);
    settled.add(match.source);
  }
  work.doubt.remove(settled);
  co_return Result<>{};
}

/// Where others' messages are in the same mailbox, and no record tells which ones they are, that follows only from all
/// of it: their messages may be older than what is in doubt, and newer.
Result<Uid> look_from(RunContext& context, const RouteWork& work) {
  TRY(const bool unclear, has_untold_others(context, work));
  return unclear ? 1 : work.destination_from;
}

}  // namespace

Task<> resolve_doubt(RunContext& context, SessionPair& pair, RouteWork& work) {
  CO_TRY(const Uid from, look_from(context, work));
  auto found = co_await candidates(context, *pair.destination, work, from);
  Result<> looked_up;
  if (found && !found->empty()) looked_up = co_await look_up(context, pair, work, from, *found);
  const Error* error = !found ? &found.error() : !looked_up ? &looked_up.error() : nullptr;
  if (error != nullptr) {
    if (error->scope != Scope::mailbox) co_return std::unexpected(*error);
    work.report->error = *error;
    co_return Result<>{};
  }
  if (context.stopping) co_return Result<>{};
  // Not there: to be sent. What has left the source meanwhile will simply not come.
  work.todo.add(work.doubt);
  work.doubt = UidSet{};
  work.doubt_since.reset();
  co_return Result<>{};
}

}  // namespace mailferry::sync
