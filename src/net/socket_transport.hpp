// The Transport over a stream socket, in plain text or TLS.
#pragma once

#include "net/socket.hpp"
#include "net/tls_session.hpp"
#include "net/transport.hpp"
#include "net/tunnel.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <memory>
#include <string>
#include <vector>

namespace mailferry::net {

class SocketTransport final : public Transport {
 public:
  using StreamSocket = asio::generic::stream_protocol::socket;
  /// Takes over a connected socket; `peer` is its name in errors. `tunnel` is the command behind it, if there is one.
  SocketTransport(StreamSocket socket, std::string peer, Timeouts timeouts, std::unique_ptr<Tunnel> tunnel = {});
  ~SocketTransport() override;

  Task<std::size_t> read_some(std::span<char> buffer, std::chrono::milliseconds patience) override;
  Result<std::size_t> try_read(std::span<char> buffer) override;
  Task<> write_all(std::span<const char> octets) override;
  Task<> start_tls(const TlsOptions& options, const std::string& host) override;
  [[nodiscard]] bool is_near_and_encrypted() const noexcept override;
  [[nodiscard]] ChannelBinding channel_binding() const override {
    return tls_ ? tls_->channel_binding() : ChannelBinding{};
  }
  void close() noexcept override;
  [[nodiscard]] bool is_open() const noexcept override { return socket_->is_open(); }
  [[nodiscard]] std::uint64_t octets_read() const noexcept override;
  [[nodiscard]] std::uint64_t octets_written() const noexcept override;

 private:
  Task<std::size_t> read_tls(std::span<char> buffer, std::chrono::milliseconds patience);
  Task<> write_tls(std::span<const char> octets);
  Task<> shake_hands(TlsSession& session);
  /// Sends what the session has to say. Only writes (and the handshake) do so: what a read leaves behind, such as the
  /// answer to a key update, goes out before the next write's octets.
  Task<> flush(TlsSession& session);

  std::unique_ptr<Tunnel> tunnel_;
  std::shared_ptr<Socket> socket_;  // also held, weakly, by its own timer
  std::unique_ptr<TlsSession> tls_;
  std::vector<char> sending_;
  bool is_sending_ = false;
  std::uint64_t read_ = 0;  // plain octets: all before TLS and those inside it
  std::uint64_t written_ = 0;
};

}  // namespace mailferry::net
