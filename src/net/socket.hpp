// One connected stream socket (TCP, or the pair that leads to a tunnel) with deadlines; the octets below a Transport.
// Private to net.
#pragma once

#include "async/task.hpp"
#include "net/endpoint.hpp"
#include "net/round_trip.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace mailferry::net {

/// Tries each read and write at once and suspends only where the kernel says so. One timer watches over both
/// directions: it is set again only when a deadline is nearer than the one it waits for, so a busy stream costs no
/// timer calls.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  using Clock = std::chrono::steady_clock;

  /// `peer` is the name that errors use, e.g. "imap.example.org:993".
  Socket(asio::generic::stream_protocol::socket socket, std::string peer, Timeouts timeouts);

  /// At least one octet. Errors as Transport::read_some; every error but none of the writes' ends the socket.
  Task<std::size_t> receive(std::span<char> buffer, std::chrono::milliseconds patience);
  /// What the kernel has, without waiting; may be nothing.
  Result<std::size_t> try_receive(std::span<char> buffer);
  Task<> send_all(std::span<const char> octets);
  /// Sends what fits into the kernel's buffer right now; for farewells.
  void send_if_possible(std::span<const char> octets) noexcept;

  /// Closes; pending and later calls end with `reason`, or with that of the first call.
  void fail(Error reason) noexcept;
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return !failure_; }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  [[nodiscard]] const Timeouts& timeouts() const noexcept { return timeouts_; }
  [[nodiscard]] std::optional<std::chrono::microseconds> least_round_trip() noexcept {
    return net::least_round_trip(socket_.native_handle());
  }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

 private:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  std::size_t received(std::size_t count, std::size_t wanted) noexcept;
  void acknowledge() noexcept;
  void set_low_water(int octets) noexcept;
  [[nodiscard]] bool is_turn_used_up() noexcept;
  [[nodiscard]] std::unexpected<Error> read_failed(const boost::system::error_code& code);
  [[nodiscard]] std::unexpected<Error> write_failed(const boost::system::error_code& code) const;
  void watch(Clock::time_point deadline);
  void check_deadlines();
  [[nodiscard]] int queued_octets() noexcept;

  asio::generic::stream_protocol::socket socket_;
  std::string peer_;
  Timeouts timeouts_;
  std::optional<Error> failure_;
  asio::steady_timer watchdog_;
  Clock::time_point watchdog_until_ = kNever;
  Clock::time_point read_deadline_ = kNever;
  Clock::time_point write_deadline_ = kNever;
  std::chrono::milliseconds patience_{0};  // of the pending read, for its error
  int unacknowledged_ = 0;                 // octets in the kernel's send queue when the write deadline was set
  int low_water_ = 1;                      // octets that have to come before the kernel tells of them
  bool drained_ = false;                   // the last read emptied the kernel's buffer: reading at once is in vain
  int immediate_ = 0;                      // calls since the last one that suspended
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace mailferry::net
