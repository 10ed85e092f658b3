#include "wire.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace floor_bench {

void fail(const std::string& what) {
  std::fprintf(stderr, "floor: %s\n", what.c_str());
  std::exit(1);
}

Wire::Wire(const Login& login) : context_(nullptr, SSL_CTX_free), tls_(nullptr, SSL_free) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(login.port));
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fail("cannot connect");
  const int one = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (!login.ca.empty()) start_tls(login.ca);
  fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

Wire::~Wire() {
  close(socket_);
}

void Wire::start_tls(const std::string& ca) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_locations(context_.get(), ca.c_str(), nullptr);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  tls_.reset(SSL_new(context_.get()));
  SSL_set1_host(tls_.get(), "localhost");
  SSL_set_fd(tls_.get(), socket_);
  SSL_set_read_ahead(tls_.get(), 1);
  if (SSL_connect(tls_.get()) != 1) fail("the TLS handshake failed");
}

std::size_t Wire::read_some(char* buffer, std::size_t size) {
  std::size_t total = 0;
  if (!tls_) {
    const auto count = recv(socket_, buffer, size, 0);
    if (count == 0) fail("the server closed the connection");
    if (count < 0 && errno != EAGAIN) fail(std::strerror(errno));
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  while (total < size) {  // a TLS record holds 16 KB at most
    std::size_t count = 0;
    const int result = SSL_read_ex(tls_.get(), buffer + total, size - total, &count);
    if (result == 1) {
      total += count;
      continue;
    }
    const int reason = SSL_get_error(tls_.get(), result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) fail("the server ended TLS");
    break;
  }
  return total;
}

std::size_t Wire::write_some(const char* data, std::size_t size) {
  if (!tls_) {
    const auto count = send(socket_, data, size, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) fail(std::strerror(errno));
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  std::size_t count = 0;
  const int result = SSL_write_ex(tls_.get(), data, size, &count);
  if (result != 1) {
    const int reason = SSL_get_error(tls_.get(), result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) fail("writing over TLS failed");
  }
  return count;
}

std::size_t Wire::write_pieces(const iovec* pieces, std::size_t count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = std::min<std::size_t>(count, 1024);  // IOV_MAX
  const auto sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail(std::strerror(errno));
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void write_all(Wire& wire, std::string_view data) {
  while (!data.empty()) {
    const auto count = wire.write_some(data.data(), data.size());
    if (count == 0) wait_for(wire, POLLOUT, nullptr, 0);
    data.remove_prefix(count);
  }
}

void wait_for(const Wire& first, short first_events, const Wire* second, short second_events) {
  pollfd sockets[2] = {{first.socket(), first_events, 0},
                       {second != nullptr ? second->socket() : -1, second_events, 0}};
  if (poll(sockets, 2, 60'000) == 0) fail("no progress for a minute");
}

}  // namespace floor_bench
