// Waits for connections from this very machine.
#pragma once

#include "async/task.hpp"
#include "net/transport.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>

namespace mailferry::net {

/// A port of 127.0.0.1; nobody on the network can reach it.
class LoopbackListener {
 public:
  virtual ~LoopbackListener() = default;
  /// `port` 0: one that is free. Errors: local_io (in use, not allowed).
  static Result<std::unique_ptr<LoopbackListener>> open(asio::io_context& context, std::uint16_t port,
                                                        const Timeouts& timeouts);

  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
  /// The next connection. Error cancelled after close(). One call at a time.
  virtual Task<std::unique_ptr<Transport>> accept() = 0;
  virtual void close() noexcept = 0;
};

}  // namespace mailferry::net
