// A server on 127.0.0.1 with a port of the system's choice, for tests that need a real socket.
#pragma once

#include "support/test_certificates.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

typedef struct ssl_st SSL;

namespace mailferry::test {

/// One accepted connection, blocking, used by the handler's thread. Every call ends within 10 s at the latest.
class ServerConnection {
 public:
  explicit ServerConnection(int socket) : socket_(socket) {}
  ~ServerConnection();
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  /// Server side of the handshake; false when it failed. `max_version` as SSL_CTX_set_max_proto_version; 0: newest.
  bool start_tls(const TestCertificate& certificate, int max_version = 0);
  /// The name that the client asked for (SNI); empty: none.
  [[nodiscard]] std::string server_name() const;
  /// TLS 1.3: changes keys and asks the client to do the same.
  void request_key_update();

  /// What is there, at most `limit` octets; empty at the end.
  std::string read(std::size_t limit = 65536);
  /// Up to and with the line feed; shorter at the end.
  std::string read_line();
  bool write(std::string_view octets);
  void wait_for_close();
  /// Closes so that the client sees a reset.
  void reset();

 private:
  int socket_;
  SSL* ssl_ = nullptr;
};

class LoopbackServer {
 public:
  /// Each connection is given to `handler` on a thread of its own and closed when that returns.
  explicit LoopbackServer(std::function<void(ServerConnection&)> handler);
  /// Breaks what is still connected and waits for the threads.
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  void accept_all();
  void serve(int socket);

  std::function<void(ServerConnection&)> handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

/// A port of 127.0.0.1 that refuses connections: it was free a moment ago.
std::uint16_t refusing_port();

/// A port of 127.0.0.1 that does not answer: its queue of connections is full, and nobody accepts any.
class SilentPort {
 public:
  SilentPort();
  ~SilentPort();
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  std::vector<int> sockets_;
  std::uint16_t port_ = 0;
};

}  // namespace mailferry::test
