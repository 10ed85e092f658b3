// A connection of the floor program: a non-blocking socket, with TLS or without.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;
struct iovec;

namespace floor_bench {

struct Login {
  int port = 0;
  std::string user;
  std::string password;
  std::string ca;  // a file; empty: no TLS
};

[[noreturn]] void fail(const std::string& what);

class Wire {
 public:
  explicit Wire(const Login& login);  // connects and, where asked for, does the TLS handshake; fails the program
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Reads what is there into `buffer`; 0: nothing at the moment. The end of the stream fails the program.
  std::size_t read_some(char* buffer, std::size_t size);
  /// Writes what the socket takes; 0: nothing at the moment.
  std::size_t write_some(const char* data, std::size_t size);
  /// Like write_some(), of several pieces (plain sockets only).
  std::size_t write_pieces(const iovec* pieces, std::size_t count);
  [[nodiscard]] bool has_tls() const { return tls_ != nullptr; }
  [[nodiscard]] int socket() const { return socket_; }

 private:
  void start_tls(const std::string& ca);

  int socket_ = -1;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
};

void write_all(Wire& wire, std::string_view data);

/// Sleeps until one of the two can do what is asked (poll events); `second` may be null.
void wait_for(const Wire& first, short first_events, const Wire* second, short second_events);

}  // namespace floor_bench
