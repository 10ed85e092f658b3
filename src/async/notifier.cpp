#include "async/notifier.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace mailferry::async {

namespace {
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
}  // namespace

/// Lives in the frame of the coroutine that waits, and is known to the Notifier until it ends.
class Notifier::Waiter {
 public:
  Waiter(Notifier& notifier, std::chrono::steady_clock::time_point deadline)
      : notifier_(&notifier), timer_(notifier.context_, deadline) {
    notifier.waiters_.push_back(this);
  }
  ~Waiter() {
    if (notifier_ != nullptr) std::erase(notifier_->waiters_, this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void notify() noexcept {
    notified_ = true;
    timer_.cancel();
  }
  void forget_notifier() noexcept { notifier_ = nullptr; }
  [[nodiscard]] bool notified() const noexcept { return notified_; }
  asio::steady_timer& timer() noexcept { return timer_; }

 private:
  Notifier* notifier_;
  asio::steady_timer timer_;
  bool notified_ = false;
};

Notifier::~Notifier() {
  for (Waiter* waiter : waiters_)
    waiter->forget_notifier();
}

asio::awaitable<bool> Notifier::wait_until(std::chrono::steady_clock::time_point deadline) {
  Waiter waiter(*this, deadline);
  co_await waiter.timer().async_wait(kAwait);
  co_return waiter.notified();
}

asio::awaitable<void> Notifier::wait() {
  co_await wait_until(std::chrono::steady_clock::time_point::max());
}

void Notifier::notify_all() noexcept {
  for (Waiter* waiter : waiters_)
    waiter->notify();
}

asio::awaitable<bool> sleep_for(std::chrono::milliseconds pause, Notifier& stop) {
  const bool stopped = co_await stop.wait_until(std::chrono::steady_clock::now() + pause);
  co_return !stopped;
}

}  // namespace mailferry::async
