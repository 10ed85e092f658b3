// Asks a proxy for a way to the server: SOCKS5 (RFC 1928, RFC 1929) or HTTP CONNECT (RFC 9110 §9.3.6). Private to net.
#pragma once

#include "async/task.hpp"
#include "net/endpoint.hpp"
#include "net/transport.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace mailferry::net {

/// "socks5://proxy.example.org:1080", for messages; never with the user.
std::string proxy_name(const Proxy& proxy);

/// Over a connection to the proxy; afterwards the connection leads to `host`, which the proxy looks up, and not one
/// octet of what the server said has been read. `patience` is for the whole conversation. Errors, which name the
/// proxy: network (it cannot reach the server; retried later), permission (it does not want to; never retried), auth
/// (it wants a user and a password, or others), protocol (it is no such proxy), timeout.
Task<> ask_proxy(Transport& transport, const Proxy& proxy, const std::string& host, std::uint16_t port,
                 std::chrono::milliseconds patience);

}  // namespace mailferry::net
