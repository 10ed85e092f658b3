#include "net/transport.hpp"

namespace mailferry::net {

Task<> Transport::write_pieces(Pieces pieces) {
  for (const std::span<const char> piece : pieces)
    CO_CHECK(co_await write_all(piece));
  co_return Result<>{};
}

}  // namespace mailferry::net
