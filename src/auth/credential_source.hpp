// Credentials that change while the program runs: each new connection asks for those of the moment.
#pragma once

#include "async/task.hpp"
#include "auth/sasl.hpp"

#include <boost/asio/io_context.hpp>

namespace mailferry::auth {

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// What a connection that is about to sign in shall use; may wait for the network. Never asks anybody at a terminal.
  virtual Task<Credentials> current(asio::io_context& context) = 0;
  /// The server refused `refused`. True: current() gives others now, with which a second attempt makes sense. False:
  /// the refusal stands. An error says why there are none.
  virtual Task<bool> renew(asio::io_context& context, const Credentials& refused) = 0;
};

}  // namespace mailferry::auth
