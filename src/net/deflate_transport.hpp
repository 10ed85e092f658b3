// A Transport whose octets are compressed on the way (COMPRESS=DEFLATE, RFC 4978).
#pragma once

#include "net/transport.hpp"

#include <memory>
#include <string_view>

namespace mailferry::net {

/// Takes over `below`. `received`: octets that were read from it already and are compressed. From here on what is
/// written goes out compressed, each write_all() to its end. octets_read() and octets_written() count what travels.
std::unique_ptr<Transport> make_compressed(std::unique_ptr<Transport> below, std::string_view received);

}  // namespace mailferry::net
