// "127.0.0.1:8080", "[::1]:8080", "localhost:8080": where a server for people of this machine listens.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mailferry::net {

/// Whether others than this machine may reach it.
enum class Reach { loopback, everyone };

struct ListenAddress {
  std::string host;        // an IP address
  std::uint16_t port = 0;  // 0: any that is free
  bool is_loopback = true;
};

/// Error{usage}: no address with a port, a name other than localhost, or one that others can reach where `reach` says
/// that they may not.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text, Reach reach);

/// Whether a browser that sends this Host header meant us: an IP address, localhost or a name below it; where everyone
/// may ask, also a name of one label, as containers have. A page of a stranger whose name was made to lead to us
/// (DNS rebinding) sends that name.
[[nodiscard]] bool is_own_host(std::string_view host, Reach reach);

}  // namespace mailferry::net
