// Sessions that replace their connections, for subcommands that only look: nothing ends them early but the process.
#pragma once

#include "sync/run_context.hpp"
#include "sync/steady_session.hpp"

namespace mailferry::services {

/// What the sessions of such a subcommand share; must outlive them.
class UnendingSteadiness {
 public:
  explicit UnendingSteadiness(asio::io_context& context) : never_(context) {}
  [[nodiscard]] sync::Steadiness steadiness() { return {.stop_requested = never_, .stopping = stopping_}; }

 private:
  async::Notifier never_;
  bool stopping_ = false;
};

/// One connection; that the first one cannot be made is an error at once, unless the server has too many just now.
Task<std::unique_ptr<store::Session>> open_steady(store::Store& store, UnendingSteadiness& steadiness);

/// Both sides at the same time.
Task<> open_steady_pair(asio::io_context& context, store::Store& from, store::Store& to, UnendingSteadiness& steadiness,
                        sync::SessionPair& pair);

}  // namespace mailferry::services
