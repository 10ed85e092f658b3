#include "async/retry_policy.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mailferry::async {

namespace {

using std::chrono::milliseconds;

/// first * 2^(attempt-1), at most ceiling.
milliseconds largest_pause(const RetryPolicy& policy, int attempt) {
  const double factor = std::exp2(std::clamp(attempt - 1, 0, 40));
  const double pause =
      std::min(static_cast<double>(policy.first.count()) * factor, static_cast<double>(policy.ceiling.count()));
  return milliseconds(static_cast<std::int64_t>(pause));
}

milliseconds scaled(milliseconds pause, double share) {
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * std::clamp(share, 0.0, 1.0)));
}

}  // namespace

std::optional<milliseconds> RetryPolicy::delay_after(int attempt, milliseconds spent, const Error& error,
                                                     double unit_random) const {
  if (error.retry == Retry::never || error.kind == ErrorKind::cancelled || attempt >= max_attempts) return std::nullopt;
  const bool at_once = error.retry == Retry::now && attempt <= 1;
  milliseconds pause = at_once ? milliseconds(0) : scaled(largest_pause(*this, attempt), unit_random);
  // Jitter comes on top of what the server asked for, so that many clients do not return in the same second.
  if (error.retry_after > milliseconds(0)) {
    pause = error.retry_after + scaled(std::min(first, error.retry_after), unit_random);
  }
  if (spent + pause > budget) return std::nullopt;
  return pause;
}

}  // namespace mailferry::async
