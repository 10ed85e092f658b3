// SIGINT, SIGTERM and the like as calls on the network thread.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>

namespace mailferry::async {

/// Those that end a command that somebody runs: also SIGHUP, of a terminal that was closed, unless it is ignored
/// (nohup).
[[nodiscard]] std::initializer_list<int> ending_signals() noexcept;

class Signals {
 public:
  /// Calls `on_signal(number)` for each of the signals until stop() or destruction.
  Signals(asio::io_context& context, std::initializer_list<int> numbers, std::function<void(int)> on_signal);
  void stop();

 private:
  void wait();
  asio::signal_set signals_;
  std::function<void(int)> on_signal_;
  bool stopped_ = false;
};

}  // namespace mailferry::async
