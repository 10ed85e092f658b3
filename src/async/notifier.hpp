// A condition variable for coroutines of one thread.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace mailferry::async {

class Notifier {
 public:
  explicit Notifier(asio::io_context& context);
  /// Returns true when notify_all() was called after this wait began, false when `deadline` passed first.
  /// Callers re-check their condition: wake-ups may be spurious.
  asio::awaitable<bool> wait_until(std::chrono::steady_clock::time_point deadline);
  asio::awaitable<void> wait();
  void notify_all() noexcept;

 private:
  asio::steady_timer timer_;
};

/// Sleeps; returns early (false) when `stop` is notified. For pauses and back-off.
asio::awaitable<bool> sleep_for(std::chrono::milliseconds pause, Notifier& stop);

}  // namespace mailferry::async
