// Host names to addresses, within a deadline. Private to net.
#pragma once

#include "async/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mailferry::net {

using Addresses = std::vector<asio::ip::tcp::endpoint>;
/// Blocks; called on a thread of its own.
using LookUp = std::function<Result<Addresses>(const std::string& host, std::uint16_t port)>;

/// getaddrinfo(3), in its order.
Result<Addresses> look_up_with_system(const std::string& host, std::uint16_t port);

/// All addresses of `host`, address families taking turns, the system's favourite first (RFC 8305 §4). Literal
/// addresses need no look-up. When `patience` passes, the look-up is abandoned: its thread ends on its own time, which
/// neither this call nor the end of the io_context waits for. Errors: network "unknown host …" (never retried; later
/// when the name server is what failed), timeout.
Task<Addresses> resolve(asio::io_context& context, const std::string& host, std::uint16_t port,
                        std::chrono::milliseconds patience, const LookUp& look_up);

}  // namespace mailferry::net
