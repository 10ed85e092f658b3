// A byte stream, type-erased so that the coroutines above it are no templates. Passing a deadline closes the stream:
// a half-read IMAP stream cannot be used again (DESIGN §2.9).
#pragma once

#include "async/task.hpp"
#include "net/channel_binding.hpp"
#include "net/endpoint.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mailferry::net {

class Transport {
 public:
  virtual ~Transport() = default;
  /// At least one octet, or an Error: network (closed, reset), timeout. `patience` is how long to wait for the first
  /// octet; when it passes, the stream is closed and Error{timeout, account, now} is returned.
  virtual Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds patience) = 0;
  /// What has come already, without waiting: 0 if nothing has. The end of the stream and other errors as read_some.
  virtual Result<std::size_t> try_read(std::span<char> buffer) = 0;
  /// Writes everything. The write timeout counts from the last octet the peer took. May run while a read_some is
  /// pending; two writes may not overlap.
  virtual Task<> write_all(std::span<const char> octets) = 0;
  /// Turns the stream into TLS (after STARTTLS). The caller made sure that nothing is buffered above.
  virtual Task<> start_tls(const TlsOptions& options, const std::string& host) = 0;
  /// Of the TLS session, for SASL.
  [[nodiscard]] virtual ChannelBinding channel_binding() const { return {}; }
  /// Inside TLS, to a peer that is less than two milliseconds away: encryption takes the time, and not waiting.
  [[nodiscard]] virtual bool is_near_and_encrypted() const noexcept { return false; }
  /// Ends pending calls with Error{cancelled} and closes. Idempotent.
  virtual void close() noexcept = 0;
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  /// Octets in both directions so far, for reports (inside TLS: the plain octets).
  [[nodiscard]] virtual std::uint64_t octets_read() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t octets_written() const noexcept = 0;
};

/// Resolves and connects (TCP_NODELAY, keep-alive, TCP_USER_TIMEOUT), through the proxy or the tunnel command where the
/// endpoint has one, and, for Security::tls, shakes hands. A proxy looks up the server's name itself.
/// Errors: network (unknown host, refused…), timeout, what a proxy refuses (see ask_proxy()), local_io (tunnel), tls
/// (expired, other name, unknown CA, wrong fingerprint: each message names which, with the remedy). Scope account.
Task<std::unique_ptr<Transport>> connect(asio::io_context& context, const Endpoint& endpoint);

}  // namespace mailferry::net
