// A Transport that fails at the n-th I/O, for the "every failure point" tests.
#pragma once

#include "net/transport.hpp"

#include <cstddef>
#include <limits>
#include <memory>

namespace mailferry::test {

enum class Fault {
  eof,          // the peer closed: reads say so, writes fail
  reset,        // the network broke
  timeout,      // the deadline passed; the stream is closed
  garbage,      // a read gives octets that are no IMAP (a write passes, the next read gives them)
  short_write,  // half of a write is sent, then the network breaks (a read: as reset)
};

/// When to fail, and how many I/Os there were. Shared by the transports of one run: reconnections count on.
struct FaultPlan {
  Fault fault = Fault::eof;
  /// The n-th read or write fails, counted from 0. Once: later transports work.
  std::size_t at = std::numeric_limits<std::size_t>::max();
  std::size_t operations = 0;
  bool has_fired = false;
};

/// Every read_some() and write_all() of `inner` is one I/O. Run once with the default plan, and `operations` tells how
/// many failure points there are.
std::unique_ptr<net::Transport> make_faulty(std::unique_ptr<net::Transport> inner, std::shared_ptr<FaultPlan> plan);

}  // namespace mailferry::test
