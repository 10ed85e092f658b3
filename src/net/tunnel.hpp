// A command as the way to a server, such as `ssh host /usr/lib/dovecot/imap`. Private to net.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <sys/types.h>

namespace mailferry::net {

/// A running `/bin/sh -c command`. It is asked to end (SIGTERM, its whole session) when this goes, and reaped then or
/// when the next one starts or goes: nobody waits for it.
class Tunnel {
 public:
  struct Started {
    std::unique_ptr<Tunnel> tunnel;
    int socket = -1;  // its standard input and output; the caller's to close
  };
  /// The command has a session of its own: a Ctrl-C at the terminal is for us and not for it, and it cannot ask for
  /// anything at the terminal. Its standard error is ours. Error local_io.
  static Result<Started> start(const std::string& command);
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

 private:
  explicit Tunnel(pid_t pid);
  pid_t pid_;
};

}  // namespace mailferry::net
