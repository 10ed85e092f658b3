#include "net/socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace mailferry::net {

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
/// A read of fewer octets is an answer that somebody waited for, or its first piece, not part of a stream.
constexpr std::size_t kAnswer = 16 << 10;
/// What a busy stream may gather in the kernel before its arrival wakes us while we wait for something else.
constexpr int kGathered = 1 << 20;
/// After so many calls that did not suspend, others get a turn.
constexpr int kImmediateCalls = 16;

using boost::system::error_code;

error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool is_try_again(const error_code& code) {
  return code.value() == EAGAIN || code.value() == EWOULDBLOCK || code.value() == EINTR;
}

Error connection_error(ErrorKind kind, std::string message) {
  return Error{.kind = kind,
               .scope = Scope::account,
               .retry = Retry::now,
               .retry_after = {},
               .message = std::move(message),
               .remedy = kind == ErrorKind::timeout ? "run again when the server answers; what is done stays done" : "",
               .trail = {}};
}

/// Now and then somebody waits "for ever"; the clock must not overflow.
Socket::Clock::time_point deadline_in(std::chrono::milliseconds patience) {
  constexpr std::chrono::hours kLongest{24 * 365};
  return Socket::Clock::now() + std::min<std::chrono::milliseconds>(patience, kLongest);
}

double seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Socket::Socket(asio::generic::stream_protocol::socket socket, std::string peer, Timeouts timeouts)
    : socket_(std::move(socket)), peer_(std::move(peer)), timeouts_(timeouts), watchdog_(socket_.get_executor()) {}

Result<std::size_t> Socket::try_receive(std::span<char> buffer) {
  if (failure_) return std::unexpected<Error>(*failure_);
  const ssize_t count = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count == 0) return read_failed(asio::error::eof);
  if (count < 0 && !is_try_again(last_error())) return read_failed(last_error());
  return count < 0 ? 0 : received(static_cast<std::size_t>(count), buffer.size());
}

Task<std::size_t> Socket::receive(std::span<char> buffer, std::chrono::milliseconds patience) {
  if (failure_) co_return std::unexpected<Error>(*failure_);
  if (!drained_) {
    CO_TRY(const std::size_t count, try_receive(buffer));
    if (count > 0) {
      if (is_turn_used_up()) co_await asio::post(socket_.get_executor(), asio::use_awaitable);
      co_return count;
    }
  }
  patience_ = patience;
  set_low_water(1);
  read_deadline_ = deadline_in(patience);
  watch(read_deadline_);
  const auto [code, count] = co_await socket_.async_receive(asio::buffer(buffer.data(), buffer.size()), kAwait);
  read_deadline_ = kNever;
  immediate_ = 0;
  if (failure_) co_return std::unexpected<Error>(*failure_);
  if (code) co_return read_failed(code);
  co_return received(count, buffer.size());
}

Task<> Socket::send_all(std::span<const char> octets) {
  if (failure_) co_return std::unexpected<Error>(*failure_);
  const ssize_t at_once = ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (at_once < 0 && !is_try_again(last_error())) co_return write_failed(last_error());
  const std::size_t taken = at_once < 0 ? 0 : static_cast<std::size_t>(at_once);
  sent_ += taken;
  octets = octets.subspan(taken);
  if (octets.empty() && is_turn_used_up()) co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  while (!octets.empty()) {
    write_deadline_ = deadline_in(timeouts_.write);
    unacknowledged_ = queued_octets();
    watch(write_deadline_);
    const auto [code, count] = co_await socket_.async_send(asio::buffer(octets.data(), octets.size()), kAwait);
    write_deadline_ = kNever;
    immediate_ = 0;
    if (failure_) co_return std::unexpected<Error>(*failure_);
    if (code) co_return write_failed(code);
    sent_ += count;
    octets = octets.subspan(count);
  }
  co_return Result<>{};
}

void Socket::send_if_possible(std::span<const char> octets) noexcept {
  if (failure_ || octets.empty()) return;
  const ssize_t count = ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count > 0) sent_ += static_cast<std::size_t>(count);
}

void Socket::fail(Error reason) noexcept {
  if (failure_) return;
  failure_ = std::move(reason);
  error_code ignored;
  watchdog_.cancel();
  socket_.close(ignored);
}

void Socket::close() noexcept {
  if (failure_) return;
  Error reason = connection_error(ErrorKind::cancelled, fmt::format("the connection to {} was closed here", peer_));
  reason.retry = Retry::never;
  fail(std::move(reason));
}

std::size_t Socket::received(std::size_t count, std::size_t wanted) noexcept {
  drained_ = count < wanted;
  if (!drained_) set_low_water(kGathered);
  received_ += count;
  if (count < kAnswer) acknowledge();
  return count;
}

/// The acknowledgement goes out at once: Courier writes an answer in two pieces, Cyrus each 4 KiB of a body by
/// themselves, and without TCP_NODELAY their kernels hold the last piece until the one before is acknowledged, which
/// ours would do after 40 ms.
void Socket::acknowledge() noexcept {
  const int now = 1;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now);
}

/// An edge-triggered epoll tells of each segment that arrives, also while nobody wants to read: where one side of a
/// copy waits for the other, that was every second wake-up. Tunnels take no such hint, which costs them nothing else.
void Socket::set_low_water(int octets) noexcept {
  if (octets == low_water_) return;
  low_water_ = octets;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &octets, sizeof octets);
}

bool Socket::is_turn_used_up() noexcept {
  if (++immediate_ < kImmediateCalls) return false;
  immediate_ = 0;
  return true;
}

std::unexpected<Error> Socket::read_failed(const error_code& code) {
  if (code == asio::error::eof) {
    fail(connection_error(ErrorKind::network, fmt::format("{} closed the connection", peer_)));
  } else if (code == asio::error::timed_out) {
    fail(connection_error(ErrorKind::timeout, fmt::format("the network to {} does not answer any more", peer_)));
  } else if (code == asio::error::connection_reset) {
    fail(connection_error(ErrorKind::network, fmt::format("{} reset the connection", peer_)));
  } else {
    fail(connection_error(ErrorKind::network, fmt::format("cannot read from {}: {}", peer_, code.message())));
  }
  return std::unexpected<Error>(*failure_);
}

// The socket stays open for reading: what the peer said before it hung up ("BYE too many connections") is worth more
// than the fact that it hung up.
std::unexpected<Error> Socket::write_failed(const error_code& code) const {
  if (code == asio::error::broken_pipe || code == asio::error::connection_reset) {
    return std::unexpected<Error>(connection_error(ErrorKind::network, fmt::format("{} closed the connection", peer_)));
  }
  const ErrorKind kind = code == asio::error::timed_out ? ErrorKind::timeout : ErrorKind::network;
  return std::unexpected<Error>(connection_error(kind, fmt::format("cannot write to {}: {}", peer_, code.message())));
}

void Socket::watch(Clock::time_point deadline) {
  if (deadline >= watchdog_until_) return;
  watchdog_until_ = deadline;
  watchdog_.expires_at(deadline);
  watchdog_.async_wait([weak = weak_from_this()](const error_code& code) {
    if (code) return;
    if (const std::shared_ptr<Socket> self = weak.lock()) self->check_deadlines();
  });
}

void Socket::check_deadlines() {
  watchdog_until_ = kNever;
  if (failure_) return;
  const Clock::time_point now = Clock::now();
  if (read_deadline_ <= now) {
    return fail(
        connection_error(ErrorKind::timeout, fmt::format("{} sent nothing for {:.3g} s", peer_, seconds(patience_))));
  }
  if (write_deadline_ <= now) {
    // The kernel reports the socket writable only when a good part of its buffer is free; a slow peer that takes a
    // little now and then shows only in the length of the queue.
    const int queued = queued_octets();
    if (queued >= unacknowledged_) {
      return fail(connection_error(ErrorKind::timeout,
                                   fmt::format("{} took no data for {:.3g} s", peer_, seconds(timeouts_.write))));
    }
    unacknowledged_ = queued;
    write_deadline_ = now + timeouts_.write;
  }
  const Clock::time_point next = std::min(read_deadline_, write_deadline_);
  if (next != kNever) watch(next);
}

int Socket::queued_octets() noexcept {
  int queued = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &queued) == 0 ? queued : 0;
}

}  // namespace mailferry::net
