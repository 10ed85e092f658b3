#include "auth/oauth/token_lock.hpp"

#include "async/notifier.hpp"
#include "base/files.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace mailferry::auth {
namespace {

constexpr std::chrono::milliseconds kLookAgain{50};
constexpr std::chrono::seconds kLongest{90};  // more than a refresh may take

std::unexpected<Error> held_too_long(const std::string& path) {
  return fail(ErrorKind::timeout, Scope::account,
              fmt::format("another program has held the token file {} for {} s", path, kLongest.count()),
              "look for a mailferry that hangs, and end it", Retry::later);
}

}  // namespace

TokenLock::TokenLock(TokenLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

TokenLock::~TokenLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Task<TokenLock> TokenLock::acquire(asio::io_context& context, const std::string& path) {
  const auto side_file = path + ".lock";
  TokenLock lock(::open(side_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.descriptor_ < 0) co_return fail_with_errno(errno, "make the lock file", side_file);
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  async::Notifier never(context);
  while (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) co_return fail_with_errno(errno, "lock", side_file);
    if (std::chrono::steady_clock::now() > deadline) co_return held_too_long(path);
    co_await async::sleep_for(kLookAgain, never);
  }
  co_return lock;
}

}  // namespace mailferry::auth
