#include "sync/claims.hpp"

#include "sync/identity_match.hpp"

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

Result<Claims> claims_of(RunContext& context, const RouteWork& route, Uid from) {
  Claims claims{.destination = route.known_destination, .untold = route.settled};
  for (const auto& found : route.found)
    claims.destination.add(found.destination);
  CHECK_OK(add_settled(context, route, from, claims));
  return claims;
}

}  // namespace

Task<UidSet> claimed_by_siblings(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from) {
  UidSet claimed;
  for (const auto* other : work.siblings) {
    CO_TRY(const auto claims, claims_of(context, *other, from));
    claimed.add(claims.destination);
    // Of a mailbox that was given up the source is not asked any more; what it brought before is its own all the same.
    if (claims.untold.empty() || other->dead()) continue;
    auto source = scan_of(other->source, other->route.source_validity);
    source.uids = claims.untold;
    auto destination = scan_of(work.destination, work.route.destination_validity, from);
    CO_TRY(const auto matched, co_await match_by_identity(pair, source, destination, claimed));
    for (const auto& match : matched)
      claimed.add(match.destination);
  }
  co_return claimed;
}

}  // namespace mailferry::sync
