// Ctrl-C and SIGTERM where there is nothing to bring to an end.
#pragma once

#include "async/signals.hpp"

namespace mailferry::services {

/// Ends the program as one that was interrupted (exit code 130): tunnel commands are told, nothing else is done.
[[noreturn]] void end_interrupted();

/// While this lives, SIGINT, SIGTERM and SIGHUP do so: for commands that only look.
class Interruption {
 public:
  explicit Interruption(asio::io_context& context);

 private:
  async::Signals signals_;
};

}  // namespace mailferry::services
