// A condition variable for coroutines of one thread.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <vector>

namespace mailferry::async {

class Notifier {
 public:
  explicit Notifier(asio::io_context& context) : context_(context) {}
  /// Nobody may wait any more, except when the io_context is being torn down.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Returns true when notify_all() was called after this wait began, false when `deadline` passed first.
  /// Callers re-check their condition: wake-ups may be spurious. Any number of coroutines may wait, each with its own
  /// deadline.
  asio::awaitable<bool> wait_until(std::chrono::steady_clock::time_point deadline);
  asio::awaitable<void> wait();
  /// Wakes all who wait now; they run later, not inside this call. Cheap when nobody waits.
  void notify_all() noexcept;

 private:
  class Waiter;
  asio::io_context& context_;
  std::vector<Waiter*> waiters_;
};

/// Sleeps; returns early (false) when `stop` is notified. For pauses and back-off.
asio::awaitable<bool> sleep_for(std::chrono::milliseconds pause, Notifier& stop);

}  // namespace mailferry::async
