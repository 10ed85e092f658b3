// How often and when a broken connection is replaced: the one policy of all phases of a run.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <optional>

namespace mailferry::sync {

/// The failures in a row of one connection, or of one pair of them.
class Reconnection {
 public:
  /// `attempts`: of a connection without progress in between.
  explicit Reconnection(int attempts) noexcept : attempts_(attempts) {}

  /// It failed once more: how long to wait before the next one, with full jitter; nothing: it is time to give up.
  [[nodiscard]] std::optional<std::chrono::milliseconds> delay_after(const Error& error);
  /// There was progress: the next failure is the first one again.
  void reset() noexcept {
    failures_ = 0;
    waited_ = {};
  }

 private:
  int attempts_;
  int failures_ = 0;
  std::chrono::milliseconds waited_{};  // in pauses: a slow line may work for long between two failures
};

}  // namespace mailferry::sync
