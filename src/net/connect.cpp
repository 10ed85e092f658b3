#include "net/dial.hpp"
#include "net/proxy.hpp"
#include "net/resolve.hpp"
#include "net/socket_transport.hpp"
#include "net/transport.hpp"
#include "net/tunnel.hpp"

namespace mailferry::net {

namespace {

/// "imap.example.org:993", "[::1]:993".
std::string name_of(const std::string& host, std::uint16_t port) {
  const bool has_colon = host.find(':') != std::string::npos;
  return has_colon ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Task<asio::ip::tcp::socket> reach(asio::io_context& context, const std::string& host, std::uint16_t port,
                                  const std::string& peer, const Timeouts& timeouts) {
  const LookUp look_up = look_up_with_system;
  CO_TRY(const Addresses addresses, co_await resolve(context, host, port, timeouts.connect, look_up));
  CO_TRY(asio::ip::tcp::socket socket, co_await dial(context, addresses, peer, timeouts.connect));
  set_options(socket, timeouts);
  co_return socket;
}

Task<std::unique_ptr<Transport>> through_network(asio::io_context& context, const Endpoint& endpoint) {
  const auto server = name_of(endpoint.host, endpoint.port);
  const auto& proxy = endpoint.proxy;
  const auto first = proxy ? fmt::format("the proxy {}", proxy_name(*proxy)) : server;
  CO_TRY(asio::ip::tcp::socket socket, co_await reach(context, proxy ? proxy->host : endpoint.host,
                                                      proxy ? proxy->port : endpoint.port, first, endpoint.timeouts));
  const auto peer = proxy ? fmt::format("{} (through {})", server, proxy_name(*proxy)) : server;
  std::unique_ptr<Transport> transport = std::make_unique<SocketTransport>(std::move(socket), peer, endpoint.timeouts);
  if (proxy) CO_CHECK(co_await ask_proxy(*transport, *proxy, endpoint.host, endpoint.port, endpoint.timeouts.connect));
  co_return transport;
}

Result<std::unique_ptr<Transport>> through_tunnel(asio::io_context& context, const Endpoint& endpoint) {
  TRY(auto started, Tunnel::start(endpoint.tunnel));
  const asio::generic::stream_protocol protocol(AF_UNIX, 0);
  SocketTransport::StreamSocket socket(context, protocol, started.socket);
  const auto peer = fmt::format("the tunnel command for {}", endpoint.host);
  return std::make_unique<SocketTransport>(std::move(socket), peer, endpoint.timeouts, std::move(started.tunnel));
}

}  // namespace

Task<std::unique_ptr<Transport>> connect(asio::io_context& context, const Endpoint& endpoint) {
  std::unique_ptr<Transport> transport;
  if (endpoint.tunnel.empty()) {
    CO_TRY(transport, co_await through_network(context, endpoint));
  } else {
    CO_TRY(transport, through_tunnel(context, endpoint));
  }
  if (endpoint.security == Security::tls) CO_CHECK(co_await transport->start_tls(endpoint.tls, endpoint.host));
  co_return transport;
}

}  // namespace mailferry::net
