#include "net/loopback_listener.hpp"

#include "net/socket_transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mailferry::net {
namespace {

using asio::ip::tcp;

class TcpListener final : public LoopbackListener {
 public:
  TcpListener(tcp::acceptor acceptor, const Timeouts& timeouts)
      : acceptor_(std::move(acceptor)), port_(acceptor_.local_endpoint().port()), timeouts_(timeouts) {}

  [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }

  Task<std::unique_ptr<Transport>> accept() override {
    auto [code, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (!acceptor_.is_open()) co_return fail(ErrorKind::cancelled, Scope::run, "nobody listens any more");
    if (code)
      co_return fail(ErrorKind::local_io, Scope::run, fmt::format("cannot take a connection: {}", code.message()));
    const auto peer = fmt::format("the program that connected to port {}", port_);
    co_return std::make_unique<SocketTransport>(std::move(socket), peer, timeouts_);
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  Timeouts timeouts_;
};

}  // namespace

Result<std::unique_ptr<LoopbackListener>> LoopbackListener::open(asio::io_context& context, std::uint16_t port,
                                                                 const Timeouts& timeouts) {
  const tcp::endpoint here(asio::ip::address_v4::loopback(), port);
  tcp::acceptor acceptor(context);
  boost::system::error_code code;
  acceptor.open(here.protocol(), code);
  if (!code) acceptor.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor.bind(here, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (!code) return std::make_unique<TcpListener>(std::move(acceptor), timeouts);
  return fail(ErrorKind::local_io, Scope::run,
              fmt::format("cannot listen on port {} of 127.0.0.1: {}", port, code.message()), "choose another port");
}

}  // namespace mailferry::net
