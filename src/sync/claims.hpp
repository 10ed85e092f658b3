// Several source mailboxes may go into one destination mailbox, with equal mail in them: each message there belongs to
// one of them only.
#pragma once

#include "sync/run_context.hpp"

namespace mailferry::sync {

/// The UIDs from `from` on in the destination mailbox of `work` that belong to messages of its siblings, by what this
/// run and the state know. Where no UIDs were told, the siblings' messages are looked up first: an equal message is
/// rather theirs, so that ours is sent once more than lost.
Task<UidSet> claimed_by_siblings(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from);

/// Adds what belongs to mailboxes that earlier runs copied to the same place and this run does not: with
/// --mailbox and --map accounts are copied bit by bit. A mailbox that is not on the source any more, or was numbered
/// anew, claims nothing: it may be the one of `work` under the name of before.
Task<> add_claims_of_earlier_runs(RunContext& context, SessionPair& pair, const std::vector<state::Route>& stored,
                                  const RouteWork& work, Uid from, UidSet& claimed);

/// Whether this source mailbox, which answered with `error`, is not there any more, or was numbered anew. Anything else
/// may pass. Few servers say which it is: the others are asked for their list.
Task<bool> is_gone(SessionPair& pair, const MailboxPath& mailbox, const Error& error);

/// Messages of other mailboxes, of this run or of earlier ones, are in the destination mailbox of `work`, and the
/// destination did not tell their UIDs.
Result<bool> has_untold_others(RunContext& context, const RouteWork& work);

/// Adds what is on record as brought by the route of `work` itself.
Task<> add_own_claims(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from, UidSet& claimed);

}  // namespace mailferry::sync
