#include "net/dial.hpp"
#include "net/resolve.hpp"
#include "net/socket_transport.hpp"
#include "net/transport.hpp"

namespace mailferry::net {

namespace {

/// "imap.example.org:993", "[::1]:993".
std::string peer_name(const Endpoint& endpoint) {
  const bool has_colon = endpoint.host.find(':') != std::string::npos;
  return has_colon ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                   : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

}  // namespace

Task<std::unique_ptr<Transport>> connect(asio::io_context& context, const Endpoint& endpoint) {
  const std::string peer = peer_name(endpoint);
  const std::chrono::milliseconds patience = endpoint.timeouts.connect;
  const LookUp look_up = look_up_with_system;
  CO_TRY(const Addresses addresses, co_await resolve(context, endpoint.host, endpoint.port, patience, look_up));
  CO_TRY(asio::ip::tcp::socket socket, co_await dial(context, addresses, peer, patience));
  set_options(socket, endpoint.timeouts);
  std::unique_ptr<Transport> transport = std::make_unique<SocketTransport>(std::move(socket), peer, endpoint.timeouts);
  if (endpoint.security == Security::tls) CO_CHECK(co_await transport->start_tls(endpoint.tls, endpoint.host));
  co_return transport;
}

}  // namespace mailferry::net
