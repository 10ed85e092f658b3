// What a program that we start learns of signals: nothing of those that we hold back or ignore.
#pragma once

#include <csignal>
#include <spawn.h>

namespace mailferry::async {

/// For posix_spawn(): the child holds no signal back and ignores none. Both would outlive exec otherwise, and a command
/// that was started under a SignalGuard could not be ended by SIGTERM.
class ChildAttributes {
 public:
  /// `further_flags`: POSIX_SPAWN_SETSID and its like.
  explicit ChildAttributes(short further_flags = 0) noexcept {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_,
                               static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | further_flags));
  }
  ~ChildAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  ChildAttributes(const ChildAttributes&) = delete;
  ChildAttributes& operator=(const ChildAttributes&) = delete;

  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace mailferry::async
