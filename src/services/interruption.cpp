#include "services/interruption.hpp"

#include "net/end_tunnels.hpp"

#include <csignal>
#include <cstdlib>

namespace mailferry::services {

void end_interrupted() {
  constexpr int kInterrupted = 130;
  net::end_tunnels();
  std::_Exit(kInterrupted);
}

Interruption::Interruption(asio::io_context& context)
    : signals_(context, async::ending_signals(), [](int) { end_interrupted(); }) {}

}  // namespace mailferry::services
