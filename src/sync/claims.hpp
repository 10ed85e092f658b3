// Several source mailboxes may go into one destination mailbox, with equal mail in them: each message there belongs to
// one of them only.
#pragma once

#include "sync/run_context.hpp"

namespace mailferry::sync {

/// The UIDs from `from` on in the destination mailbox of `work` that belong to messages of its siblings, by what this
/// run and the state know. Where no UIDs were told, the siblings' messages are looked up first: an equal message is
/// rather theirs, so that ours is sent once more than lost.
Task<UidSet> claimed_by_siblings(RunContext& context, SessionPair& pair, const RouteWork& work, Uid from);

}  // namespace mailferry::sync
