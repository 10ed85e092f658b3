// Mail on the destination that no record claims: it was there before the first copy, others brought it, or its message
// has left the source since. What comes anew to a source mailbox, by being moved back for instance, may be among it.
#pragma once

#include "sync/identity_match.hpp"
#include "sync/run_context.hpp"

#include <map>
#include <vector>

namespace mailferry::sync {

/// Key of the note with what was seen of a route's unclaimed mail, so that each message is looked at once.
[[nodiscard]] std::string unclaimed_note(state::RouteId route);

/// The first half of a message's identity, by its UID on the destination: enough to tell whether it is worth a look.
using Sightings = std::map<Uid, std::uint64_t>;
/// One line a message: its UID, a blank, 16 hexadecimal digits.
[[nodiscard]] std::string to_sightings_text(const Sightings& sightings);
/// Empty when the text is none that to_sightings_text() writes: all is looked at again then.
[[nodiscard]] Sightings parse_sightings(std::string_view text);

/// Settled messages that are not where they were put: some may be among the unclaimed, moved away and back.
struct Displaced {
  MailboxPath source;
  UidValidity source_validity = 0;
  UidSet uids;
};

/// What is to be copied to one mailbox and may be there.
struct UnclaimedMail {
  RouteWork* work = nullptr;
  UidSet vanished{};  // settled, and on the source no more
  UidSet unclaimed{};
  UidSet missing{};  // on record as there, and not listed
  UidSet unseen{};   // of these
  std::vector<Displaced> displaced{};
  Sightings sightings{};
  UidSet wanted{};      // of todo: what looks like something unclaimed
  UidSet candidates{};  // that
};

/// Whether the destination told where each message is that the state has brought to the mailbox of `work`.
Result<bool> knows_unclaimed(RunContext& context, const SessionPair& pair, const std::vector<state::Route>& stored,
                             RouteWork& work);

/// Looks for what the routes have to copy among the unclaimed mail of their destinations. Fills `wanted`, `candidates`
/// and `displaced`; routes for which there is nothing are left out. All requests to a side go out in one turn each.
/// Where a destination does not tell UIDs, nothing is known to be unclaimed. `stored`: all routes of the pair.
Task<std::vector<UnclaimedMail>> look_for_unclaimed(RunContext& context, SessionPair& pair,
                                                    const std::vector<state::Route>& stored,
                                                    std::vector<RouteWork*> routes);

}  // namespace mailferry::sync
