#include "sync/claims.hpp"

#include "state/mailbox_key.hpp"
#include "sync/identity_match.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

struct Claims {
  UidSet destination;  // UIDs that were told
  UidSet untold;       // source UIDs of messages that are somewhere there
};

/// What the state has of a route. Of a look-up behind `from` only what this intent settled can be there: the rest is
/// older.
Result<> add_settled(RunContext& context, const RouteWork& route, Uid from, Claims& claims) {
  for (Uid next = route.route.id == 0 ? 0 : 1; next != 0;) {
    TRY(const auto runs, context.journal.journal().settled(route.route.id, next));
    if (runs.empty()) break;
    for (const auto& run : runs) {
      if (route.forgotten.contains(run.source)) continue;  // and with it all that was settled
      if (run.destination != 0) {
        claims.destination.add(UidRange{run.destination, run.destination + run.count - 1});
      } else if (from == 1) {
        claims.untold.add(UidRange{run.source, run.source + run.count - 1});
      }
    }
    next = runs.back().source + runs.back().count;
  }
  return {};
}

Result<bool> has_untold(state::Journal& journal, state::RouteId route) {
  for (Uid next = 1; next != 0;) {
    TRY(const auto runs, journal.settled(route, next));
    if (runs.empty()) break;
    if (std::ranges::find(runs, Uid{0}, &state::SettledRun::destination) != runs.end()) return true;
    next = runs.back().source + runs.back().count;
  }
  return false;
}

Result<Claims> claims_of(RunContext& context, const RouteWork& route, Uid from) {
  Claims claims{.destination = route.known_destination, .untold = route.settled};
  for (const auto& found : route.found)
    claims.destination.add(found.destination);
  CHECK_OK(add_settled(context, route, from, claims));
  return claims;
}

/// Takes what is `other`'s in the destination mailbox of `work`.
Task<> claim(RunContext& context, SessionPair& pair, const RouteWork& other, const RouteWork& work, Uid from,
             UidSet& claimed) {
  CO_TRY(const auto claims, claims_of(context, other, from));
  claimed.add(claims.destination);
  // Of a mailbox that was given up the source is not asked any more; what it brought before is its own all the same.
  if (claims.untold.empty() || (other.report != nullptr && other.dead())) co_return Result<>{};
  auto source = scan_of(other.source, other.route.source_validity);
  source.uids = claims.untold;
  auto destination = scan_of(work.destination, work.route.destination_validity, from);
  CO_TRY(const auto matched, co_await match_by_identity(pair, source, destination, claimed));
  claimed.add(uids_of(matched, &MatchedMessage::destination));
  co_return Result<>{};
}

/// Other mailboxes' routes to the mailbox of `work`, in this numbering of it, that this run does not know.
Result<std::vector<RouteWork>> earlier_siblings(const std::vector<state::Route>& stored, const RouteWork& work) {
  std::vector<RouteWork> earlier;
  for (const auto& route : stored) {
    const auto is_it = [&route](const RouteWork* other) { return other->route.source_mailbox == route.source_mailbox; };
    if (route.source_validity == 0 || route.destination_mailbox != work.route.destination_mailbox ||
        route.destination_validity != work.route.destination_validity || is_it(&work) ||
        std::ranges::any_of(work.siblings, is_it))
      continue;
    auto& other = earlier.emplace_back();
    other.route = route;
    TRY(other.source, state::parse_mailbox_key(route.source_mailbox));
  }
  return earlier;
}

}  // namespace

Task<UidSet> claimed_by_siblings(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from) {
  UidSet claimed;
  for (const auto* other : work.siblings)
    CO_CHECK(co_await claim(context, pair, *other, work, from, claimed));
  co_return claimed;
}

Task<> add_claims_of_earlier_runs(RunContext& context, SessionPair& pair, const std::vector<state::Route>& stored,
                                  const RouteWork& work, Uid from, UidSet& claimed) {
  CO_TRY(const auto earlier, earlier_siblings(stored, work));
  if (earlier.empty()) co_return Result<>{};
  std::vector<store::ScanRequest> requests;
  // Only to tell whether the mailboxes are there.
  for (const auto& other : earlier)
    requests.push_back(scan_of(other.source, other.route.source_validity, kLastUid));
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(const auto there, co_await pair.source->scan(requests, no_sinks));
  for (std::size_t index = 0; index < earlier.size(); ++index) {
    bool gone = false;
    if (!there[index]) {
      CO_TRY(gone, co_await is_gone(pair, earlier[index].source, there[index].error()));
    }
    if (!gone) CO_CHECK(co_await claim(context, pair, earlier[index], work, from, claimed));
  }
  co_return Result<>{};
}

Task<bool> is_gone(SessionPair& pair, const MailboxPath& mailbox, const Error& error) {
  if (error.scope != Scope::mailbox) co_return std::unexpected(error);
  if (error.kind == ErrorKind::mailbox_missing || error.kind == ErrorKind::protocol) co_return true;
  CO_TRY(const auto list, co_await pair.source->list(false));
  co_return std::ranges::none_of(list.mailboxes, [&mailbox](const store::MailboxInfo& listed) {
    return listed.selectable && listed.path == mailbox;
  });
}

Result<bool> has_untold_others(RunContext& context, const RouteWork& work) {
  const auto tells_nothing = [](const RouteWork* other) { return !other->settled.empty(); };
  if (std::ranges::any_of(work.siblings, tells_nothing)) return true;
  auto& journal = context.journal.journal();
  TRY(const auto stored, journal.routes(context.journal.pair()));
  for (const auto& route : stored) {
    if (route.source_mailbox == work.route.source_mailbox ||
        route.destination_mailbox != work.route.destination_mailbox ||
        route.destination_validity != work.route.destination_validity)
      continue;
    TRY(const bool untold, has_untold(journal, route.id));
    if (untold) return true;
  }
  return false;
}

Task<> add_own_claims(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from, UidSet& claimed) {
  co_return co_await claim(context, pair, work, work, from, claimed);
}

}  // namespace mailferry::sync
