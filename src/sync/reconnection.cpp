#include "sync/reconnection.hpp"

#include "async/retry_policy.hpp"

#include <random>

namespace mailferry::sync {
namespace {

/// Each wait for a server that hangs takes its whole deadline: one more try tells a hiccup from a dead server.
constexpr int kSilentAttempts = 2;

double unit_random() {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<>{0.0, 1.0}(generator);
}

}  // namespace

std::optional<std::chrono::milliseconds> Reconnection::delay_after(const Error& error) {
  async::RetryPolicy policy;
  policy.max_attempts = error.kind == ErrorKind::timeout ? kSilentAttempts : attempts_;
  const auto delay = policy.delay_after(++failures_, waited_, error, unit_random());
  if (delay) waited_ += *delay;
  return delay;
}

}  // namespace mailferry::sync
