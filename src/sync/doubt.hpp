// Looks up what is in doubt after a crash, a broken connection or a refused batch, before anything is sent again.
#pragma once

#include "sync/run_context.hpp"

namespace mailferry::sync {

/// Empties `work.doubt`: what is found on the destination is settled, the rest goes back to `work.todo`. An error of
/// scope mailbox ends the route (in its report); others are returned and leave the doubt as it is.
Task<> resolve_doubt(RunContext& context, SessionPair& pair, RouteWork& work);

}  // namespace mailferry::sync
