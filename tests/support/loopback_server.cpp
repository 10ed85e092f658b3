#include "support/loopback_server.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mailferry::test {

namespace {

constexpr int kLongestCallSeconds = 10;

int checked(int result) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), "loopback socket");
  return result;
}

::sockaddr_in loopback(std::uint16_t port) {
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// A bound socket and its port.
std::pair<int, std::uint16_t> bind_anywhere() {
  const int socket = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::sockaddr_in address = loopback(0);
  ::socklen_t size = sizeof address;
  checked(::bind(socket, reinterpret_cast<::sockaddr*>(&address), size));
  checked(::getsockname(socket, reinterpret_cast<::sockaddr*>(&address), &size));
  return {socket, ntohs(address.sin_port)};
}

SSL_CTX* make_context(const TestCertificate& certificate, int max_version) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  // Old versions must be possible here, to see them refused by the client.
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, max_version);
  BIO* text = BIO_new_mem_buf(certificate.certificate.data(), static_cast<int>(certificate.certificate.size()));
  X509* leaf = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
  BIO_free(text);
  text = BIO_new_mem_buf(certificate.key.data(), static_cast<int>(certificate.key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr);
  BIO_free(text);
  SSL_CTX_use_certificate(context, leaf);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(leaf);
  EVP_PKEY_free(key);
  return context;
}

}  // namespace

ServerConnection::~ServerConnection() {
  SSL_free(ssl_);
}

bool ServerConnection::start_tls(const TestCertificate& certificate, int max_version) {
  SSL_CTX* context = make_context(certificate, max_version);
  ssl_ = SSL_new(context);
  SSL_CTX_free(context);  // the session holds it
  SSL_set_fd(ssl_, socket_);
  const bool done = SSL_accept(ssl_) == 1;
  ERR_clear_error();
  return done;
}

std::string ServerConnection::server_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

void ServerConnection::request_key_update() {
  SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
}

std::string ServerConnection::read(std::size_t limit) {
  std::string octets(limit, '\0');
  const int size = static_cast<int>(limit);
  const ssize_t count =
      ssl_ != nullptr ? SSL_read(ssl_, octets.data(), size) : ::recv(socket_, octets.data(), limit, 0);
  octets.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return octets;
}

std::string ServerConnection::read_line() {
  std::string line;
  while (!line.ends_with('\n')) {
    const std::string octet = read(1);
    if (octet.empty()) break;
    line += octet;
  }
  return line;
}

bool ServerConnection::write(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ssl_ != nullptr ? SSL_write(ssl_, octets.data(), static_cast<int>(octets.size()))
                                          : ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void ServerConnection::wait_for_close() {
  while (!read().empty()) {
  }
}

void ServerConnection::reset() {
  const ::linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // LoopbackServer closes the descriptor, which then sends the reset.
}

LoopbackServer::LoopbackServer(std::function<void(ServerConnection&)> handler) : handler_(std::move(handler)) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  std::tie(listener_, port_) = bind_anywhere();
  checked(::listen(listener_, SOMAXCONN));
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : open_)
      ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& worker : workers_)
    worker.join();
  ::close(listener_);
}

void LoopbackServer::accept_all() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (socket >= 0 && stopping_) ::close(socket);
    if (socket < 0 || stopping_) return;
    const ::timeval longest{.tv_sec = kLongestCallSeconds, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    open_.push_back(socket);
    workers_.emplace_back([this, socket] { serve(socket); });
  }
}

void LoopbackServer::serve(int socket) {
  {
    ServerConnection connection(socket);
    handler_(connection);
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, socket);
  ::close(socket);
}

std::uint16_t refusing_port() {
  const auto [socket, port] = bind_anywhere();
  ::close(socket);
  return port;
}

SilentPort::SilentPort() {
  const auto [listener, port] = bind_anywhere();
  port_ = port;
  sockets_.push_back(listener);
  checked(::listen(listener, 0));
  // One more than the queue holds; from then on the kernel drops new connections.
  for (int i = 0; i < 3; ++i) {
    const int socket = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const ::sockaddr_in address = loopback(port);
    (void)::connect(socket, reinterpret_cast<const ::sockaddr*>(&address), sizeof address);
    sockets_.push_back(socket);
  }
}

SilentPort::~SilentPort() {
  for (const int socket : sockets_)
    ::close(socket);
}

}  // namespace mailferry::test
