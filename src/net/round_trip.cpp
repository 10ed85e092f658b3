// By itself: <linux/tcp.h> and the <netinet/tcp.h> of others cannot be read together, and only the former knows the
// least round trip.
#include "net/round_trip.hpp"

#include <cstddef>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace mailferry::net {

std::optional<std::chrono::microseconds> least_round_trip(int descriptor) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  const bool has_it = size >= offsetof(tcp_info, tcpi_min_rtt) + sizeof info.tcpi_min_rtt;
  if (!has_it || info.tcpi_min_rtt == 0) return std::nullopt;
  return std::chrono::microseconds(info.tcpi_min_rtt);
}

}  // namespace mailferry::net
