#include "net/socket_transport.hpp"

#include <algorithm>

namespace mailferry::net {

namespace {

/// What a broken handshake means, in the words of the handshake.
Error in_handshake(Error error, const std::string& peer, std::chrono::milliseconds patience) {
  if (error.kind == ErrorKind::timeout) {
    const double seconds = std::chrono::duration<double>(patience).count();
    error.message = fmt::format("{} did not finish the TLS handshake within {:.3g} s", peer, seconds);
  } else if (error.kind == ErrorKind::network) {
    error.message = fmt::format("the connection to {} broke during the TLS handshake", peer);
  } else {
    return error;
  }
  error.retry = Retry::later;
  error.remedy = "Check that this port speaks TLS from the first octet on (imaps://, usually port 993).";
  return error;
}

}  // namespace

SocketTransport::SocketTransport(StreamSocket socket, std::string peer, Timeouts timeouts,
                                 std::unique_ptr<Tunnel> tunnel)
    : tunnel_(std::move(tunnel)), socket_(std::make_shared<Socket>(std::move(socket), std::move(peer), timeouts)) {}

SocketTransport::~SocketTransport() {
  close();
}

Task<std::size_t> SocketTransport::read_some(std::span<char> buffer, std::chrono::milliseconds patience) {
  return tls_ ? read_tls(buffer, patience) : socket_->receive(buffer, patience);
}

Result<std::size_t> SocketTransport::try_read(std::span<char> buffer) {
  if (!tls_) return socket_->try_receive(buffer);
  while (true) {
    Result<std::size_t> got = tls_->decrypt(buffer);
    if (!got) socket_->fail(got.error());
    if (!got || *got > 0) {
      read_ += got.value_or(0);
      return got;
    }
    const std::span<char> space = tls_->input_space();
    TRY(const std::size_t count, socket_->try_receive(space));
    if (count == 0) return 0;
    tls_->received(count);
  }
}

Task<> SocketTransport::write_all(std::span<const char> octets) {
  return tls_ ? write_tls(octets) : socket_->send_all(octets);
}

Task<std::size_t> SocketTransport::read_tls(std::span<char> buffer, std::chrono::milliseconds patience) {
  while (true) {
    if (!socket_->is_open()) {
      // Closed here, timed out or broken: receive() knows which.
      co_return co_await socket_->receive(buffer, patience);
    }
    Result<std::size_t> got = tls_->decrypt(buffer);
    if (!got) {
      socket_->fail(got.error());
      co_return got;
    }
    if (*got > 0) {
      read_ += *got;
      co_return got;
    }
    const std::span<char> space = tls_->input_space();
    CO_TRY(const std::size_t count, co_await socket_->receive(space, patience));
    tls_->received(count);
  }
}

Task<> SocketTransport::write_tls(std::span<const char> octets) {
  while (!octets.empty()) {
    const std::span<const char> piece = octets.first(std::min(octets.size(), TlsSession::kPiece));
    CO_CHECK(tls_->encrypt(piece));
    CO_CHECK(co_await flush(*tls_));
    written_ += piece.size();
    octets = octets.subspan(piece.size());
  }
  co_return Result<>{};
}

Task<> SocketTransport::flush(TlsSession& session) {
  is_sending_ = true;
  Result<> sent;
  while (sent && session.has_output()) {
    sending_.clear();
    session.take_output(sending_);
    const std::span<const char> octets = sending_;
    sent = co_await socket_->send_all(octets);
  }
  is_sending_ = false;
  co_return sent;
}

Task<> SocketTransport::start_tls(const TlsOptions& options, const std::string& host) {
  CO_TRY(std::unique_ptr<TlsSession> session, TlsSession::make(options, host, socket_->peer()));
  read_ = socket_->received();
  written_ = socket_->sent();
  Result<> done = co_await shake_hands(*session);
  if (!done) {
    socket_->fail(done.error());
    co_return done;
  }
  tls_ = std::move(session);
  co_return done;
}

Task<> SocketTransport::shake_hands(TlsSession& session) {
  const std::chrono::milliseconds patience = socket_->timeouts().connect;
  const Socket::Clock::time_point deadline = Socket::Clock::now() + patience;
  while (true) {
    const Result<bool> done = session.shake_hands();
    const Result<> sent = co_await flush(session);
    if (!done) co_return std::unexpected<Error>(done.error());
    if (!sent) co_return std::unexpected<Error>(in_handshake(sent.error(), socket_->peer(), patience));
    if (*done) co_return Result<>{};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Socket::Clock::now());
    const std::span<char> space = session.input_space();
    const Result<std::size_t> count = co_await socket_->receive(space, std::max(left, std::chrono::milliseconds(0)));
    if (!count) co_return std::unexpected<Error>(in_handshake(count.error(), socket_->peer(), patience));
    session.received(*count);
  }
}

bool SocketTransport::is_near_and_encrypted() const noexcept {
  constexpr std::chrono::milliseconds kNear{2};
  return tls_ && socket_->least_round_trip().value_or(kNear) < kNear;
}

void SocketTransport::close() noexcept {
  if (!socket_->is_open()) return;
  if (tls_ && !is_sending_ && !tls_->has_output()) {
    tls_->say_goodbye();
    sending_.clear();
    tls_->take_output(sending_);
    socket_->send_if_possible(sending_);
  }
  socket_->close();
}

std::uint64_t SocketTransport::octets_read() const noexcept {
  return tls_ ? read_ : socket_->received();
}

std::uint64_t SocketTransport::octets_written() const noexcept {
  return tls_ ? written_ : socket_->sent();
}

}  // namespace mailferry::net
