// When to try again after an error, and how long to wait first. Pure: time and chance come in as arguments.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <optional>

namespace mailferry::async {

/// Exponential back-off with full jitter: pause number n is uniform in [0, min(ceiling, first * 2^(n-1))).
struct RetryPolicy {
  std::chrono::milliseconds first{1'000};
  std::chrono::milliseconds ceiling{60'000};
  /// Tries in all, the first one included.
  int max_attempts = 8;
  /// No new attempt begins later than this after the first one began.
  std::chrono::milliseconds budget{15 * 60'000};

  /// The pause before the next attempt, or nothing when it is time to give up. `attempt` is the number of attempts that
  /// failed in a row (1 after the first failure), `spent` the time since the first one began, `unit_random` in [0, 1).
  /// An error with Retry::now is tried again at once the first time, with a pause after that; Retry::never is not tried
  /// again; retry_after is a lower bound for the pause.
  [[nodiscard]] std::optional<std::chrono::milliseconds> delay_after(int attempt, std::chrono::milliseconds spent,
                                                                     const Error& error, double unit_random) const;
};

}  // namespace mailferry::async
