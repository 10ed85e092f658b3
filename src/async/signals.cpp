#include "async/signals.hpp"

#include <csignal>

namespace mailferry::async {

Signals::Signals(asio::io_context& context, std::initializer_list<int> numbers, std::function<void(int)> on_signal)
    : signals_(context), on_signal_(std::move(on_signal)) {
  for (const int number : numbers)
    signals_.add(number);
  wait();
}

std::initializer_list<int> ending_signals() noexcept {
  static constexpr std::initializer_list<int> kAll = {SIGINT, SIGTERM, SIGHUP};
  static constexpr std::initializer_list<int> kWithoutHangup = {SIGINT, SIGTERM};
  struct sigaction hangup {};
  const bool is_ignored = ::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
  return is_ignored ? kWithoutHangup : kAll;
}

void Signals::wait() {
  signals_.async_wait([this](const boost::system::error_code& failure, int number) {
    // One that came just before stop() is not to begin another wait, which nobody would end.
    if (failure || stopped_) return;
    on_signal_(number);
    if (!stopped_) wait();
  });
}

void Signals::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  signals_.cancel(ignored);
}

}  // namespace mailferry::async
