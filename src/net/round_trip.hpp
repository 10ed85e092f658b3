// How far away a peer is.
#pragma once

#include <chrono>
#include <optional>

namespace mailferry::net {

/// The least round trip that the kernel has measured on a TCP connection (the last few minutes of it); none: it has not
/// measured any, or `descriptor` is no TCP connection.
[[nodiscard]] std::optional<std::chrono::microseconds> least_round_trip(int descriptor) noexcept;

}  // namespace mailferry::net
