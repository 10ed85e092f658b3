#include "sync/doubt.hpp"

#include "sync/claims.hpp"
#include "sync/identity_match.hpp"

namespace mailferry::sync {
namespace {

constexpr std::chrono::milliseconds kLookEvery{250};
constexpr std::chrono::milliseconds kMostQuiet{30'000};
/// A server that never comes to rest (others deliver into the mailbox) is not waited for longer than this.
constexpr std::chrono::seconds kLongestWait{120};

Task<UidSet> list_from(store::Session& session, const RouteWork& work) {
  const std::vector<store::ScanRequest> requests{
      scan_of(work.destination, work.route.destination_validity, work.destination_from)};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(auto results, co_await session.scan(requests, no_sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  co_return std::move(results.front()->uids);
}

/// After a broken connection the server may still be storing what it had received. Waits until the mailbox has not
/// changed for several times as long as the slowest append took.
Task<UidSet> candidates(RunContext& context, store::Session& session, const RouteWork& work) {
  CO_TRY(auto seen, co_await list_from(session, work));
  const auto quiet = std::clamp(context.slowest_append * 3, context.settings.least_quiet, kMostQuiet);
  const auto look_every = std::min(kLookEvery, quiet / 8);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto give_up = now() + kLongestWait;
  auto last_change = work.doubt_since.value_or(now() - quiet);
  while (!context.stopping && now() < std::min(give_up, last_change + quiet)) {
    co_await async::sleep_for(look_every, context.stop_requested);
    CO_TRY(auto again, co_await list_from(session, work));
    if (again == seen) continue;
    seen = std::move(again);
    last_change = now();
  }
  seen.remove(work.known_destination);
  co_return seen;
}

void settle_found(RunContext& context, RouteWork& work, const MatchedMessage& match) {
  // The destination has the flags that the interrupted append gave it, whatever the source says since.
  if (match.destination_flags != match.source_flags) {
    work.flag_work.push_back({.source = UidSet(UidRange{match.source, match.source}),
                              .destination = UidSet(UidRange{match.destination, match.destination}),
                              .before = match.destination_flags,
                              .now = match.source_flags});
    ++work.report->flags_planned;
  }
  context.journal.settle(work.route.id, match.source, match.destination, match.destination_flags);
  work.known_destination.add(match.destination);
  ++work.report->recovered;
  ++context.progress.settled_messages;
}

Task<> look_up(RunContext& context, SessionPair& pair, RouteWork& work, UidSet found) {
  auto source = scan_of(work.source, work.route.source_validity);
  auto destination = scan_of(work.destination, work.route.destination_validity);
  CO_TRY(const auto claimed, co_await claimed_by_siblings(context, pair, work, work.destination_from));
  found.remove(claimed);
  // Without UIDPLUS nobody told which of the new messages are accounted for: they take their share of equal ones first.
  const auto told_nothing = work.settled;
  if (!told_nothing.empty()) {
    source.uids = told_nothing;
    destination.uids = found;
    const UidSet none;
    CO_TRY(const auto accounted, co_await match_by_identity(pair, source, destination, none));
    for (const auto& match : accounted) {
      work.known_destination.add(match.destination);
      found.remove(UidSet(UidRange{match.destination, match.destination}));
    }
  }
  source.uids = work.doubt;
  destination.uids = found;
  CO_TRY(const auto matched, co_await match_by_identity(pair, source, destination, work.known_destination));
  for (const auto& match : matched) {
    settle_found(context, work, match);
    work.doubt.remove(UidSet(UidRange{match.source, match.source}));
  }
  co_return Result<>{};
}

}  // namespace

Task<> resolve_doubt(RunContext& context, SessionPair& pair, RouteWork& work) {
  auto found = co_await candidates(context, *pair.destination, work);
  Result<> looked_up;
  if (found && !found->empty()) looked_up = co_await look_up(context, pair, work, *found);
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
