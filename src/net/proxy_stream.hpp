// Exact reads from a proxy within one deadline. Private to net.
#pragma once

#include "async/task.hpp"
#include "net/transport.hpp"

#include <chrono>
#include <string>

namespace mailferry::net {

class ProxyStream {
 public:
  /// `name` is the proxy's, for errors; both must outlive this.
  ProxyStream(Transport& transport, const std::string& name, std::chrono::milliseconds patience);

  Task<> send(const std::string& octets);
  /// Exactly `count` octets: what follows is the server's.
  Task<std::string> read(std::size_t count);
  /// Up to and with the first `end`. Error protocol when that is not within `limit` octets.
  Task<std::string> read_until(const std::string& end, std::size_t limit);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Error protocol: what answers is not a proxy of the kind that was asked.
  [[nodiscard]] std::unexpected<Error> misunderstood(const std::string& answer) const;

 private:
  [[nodiscard]] Error explain(Error error) const;

  Transport& transport_;
  const std::string& name_;
  std::chrono::milliseconds patience_;
  std::chrono::steady_clock::time_point deadline_;
};

/// The two conversations.
Task<> ask_socks5(ProxyStream& stream, const Proxy& proxy, const std::string& host, std::uint16_t port);
Task<> ask_http(ProxyStream& stream, const Proxy& proxy, const std::string& host, std::uint16_t port);

}  // namespace mailferry::net
