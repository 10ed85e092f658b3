// TCP connections to the first address that answers. Private to net.
#pragma once

#include "async/task.hpp"
#include "net/endpoint.hpp"
#include "net/resolve.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>

namespace mailferry::net {

/// Tries the addresses in order, the next one 250 ms after the one before or as soon as that failed (RFC 8305 §5); the
/// first that answers wins. `peer` is for errors. Errors: network (refused, unreachable), timeout.
Task<asio::ip::tcp::socket> dial(asio::io_context& context, const Addresses& addresses, const std::string& peer,
                                 std::chrono::milliseconds patience);

/// TCP_NODELAY, keep-alive and TCP_USER_TIMEOUT, so that a vanished network is noticed. Buffers stay with the kernel.
void set_options(asio::ip::tcp::socket& socket, const Timeouts& timeouts);

}  // namespace mailferry::net
