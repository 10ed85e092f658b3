// What the tests of this folder share.
#pragma once

#include "net/transport.hpp"
#include "support/run_task.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::net {

using TransportPtr = std::unique_ptr<Transport>;

inline constexpr std::chrono::milliseconds kPatience{5'000};

inline Endpoint plain_endpoint(std::uint16_t port) {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.security = Security::plaintext;
  endpoint.timeouts = {.connect = kPatience, .response = kPatience, .write = kPatience};
  return endpoint;
}

inline Endpoint tls_endpoint(std::uint16_t port, const std::string& ca_file, const std::string& host = "localhost") {
  Endpoint endpoint = plain_endpoint(port);
  endpoint.host = host;
  endpoint.security = Security::tls;
  endpoint.tls.ca_file = ca_file;
  return endpoint;
}

inline Result<TransportPtr> connect_now(asio::io_context& context, const Endpoint& endpoint) {
  return test::run_task(context, connect(context, endpoint));
}

inline Result<> write_now(asio::io_context& context, Transport& transport, std::string_view octets) {
  return test::run_task(context, transport.write_all(octets));
}

inline Result<std::string> read_now(asio::io_context& context, Transport& transport, std::size_t limit = 65536,
                                    std::chrono::milliseconds patience = kPatience) {
  std::string buffer(limit, '\0');
  const Result<std::size_t> count = test::run_task(context, transport.read_some(buffer, patience));
  if (!count) return std::unexpected<Error>(count.error());
  buffer.resize(*count);
  return buffer;
}

/// Reads until so many octets are there, or the error.
inline Result<std::string> read_exactly(asio::io_context& context, Transport& transport, std::size_t size) {
  std::string all;
  while (all.size() < size) {
    Result<std::string> piece = read_now(context, transport, size - all.size());
    if (!piece) return piece;
    all += *piece;
  }
  return all;
}

/// Octets in which every displacement shows.
inline std::string pattern(std::size_t size) {
  std::string octets(size, '\0');
  std::uint32_t state = 12345;
  for (char& octet : octets) {
    state = state * 1664525 + 1013904223;
    octet = static_cast<char>(state >> 24);
  }
  return octets;
}

}  // namespace mailferry::net
