// Waits for the browser that the provider sends back with a code, and thanks it.
#pragma once

#include "async/notifier.hpp"
#include "async/task.hpp"
#include "async/task_scope.hpp"
#include "base/secret.hpp"
#include "net/loopback_listener.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::auth {

/// Browsers open connections ahead and ask for icons: each connection is served by itself, and only a request for the
/// right path with the right state counts. Anything else on this machine that connects gets an error and changes
/// nothing.
class RedirectListener {
 public:
  RedirectListener(asio::io_context& context, std::unique_ptr<net::LoopbackListener> listener, std::string path,
                   Secret state);

  /// The code, once. Errors: auth (the provider or the user refused), timeout after 15 minutes.
  Task<Secret> wait();

 private:
  struct Visitor {
    std::unique_ptr<net::Transport> transport;
    bool has_asked = false;
    bool is_done = false;
  };

  Task<> run_accepting();
  Task<> run_deadline();
  Task<> run_visit(Visitor* visitor);
  Task<> answer(Visitor& visitor);
  /// The page for a request that begins with `line`; ends the wait when it is the one.
  std::string judge(std::string_view line);
  void finish(Result<Secret> outcome);

  std::unique_ptr<net::LoopbackListener> listener_;
  std::string path_;
  Secret state_;
  async::Notifier ended_;
  std::vector<std::unique_ptr<Visitor>> visitors_;
  std::optional<Result<Secret>> outcome_;
  async::TaskScope tasks_;
};

}  // namespace mailferry::auth
