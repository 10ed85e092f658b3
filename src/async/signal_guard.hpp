// Signals that come while nobody listens to them are kept until somebody does.
#pragma once

#include <csignal>
#include <initializer_list>

namespace mailferry::async {

/// While it lives, these signals are held back from this thread and those that it starts; afterwards they are
/// delivered.
class SignalGuard {
 public:
  explicit SignalGuard(std::initializer_list<int> numbers) noexcept {
    sigemptyset(&set_);
    for (const int number : numbers)
      sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  /// All signals, while a thread is started: it must get none, lest one that the first thread holds back ends the
  /// program there.
  SignalGuard() noexcept {
    sigfillset(&set_);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~SignalGuard() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  /// Lets them come, from now on, to this thread.
  void release() noexcept { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }
  void hold() noexcept { pthread_sigmask(SIG_BLOCK, &set_, nullptr); }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace mailferry::async
