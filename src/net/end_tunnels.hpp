// What is left to do for tunnel commands before the program ends without ceremony.
#pragma once

namespace mailferry::net {

/// Asks all commands that are connections to end (SIGTERM), as when their connections are closed. From any thread, but
/// not in a signal handler.
void end_tunnels();

}  // namespace mailferry::net
