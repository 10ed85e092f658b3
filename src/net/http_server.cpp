#include "net/http_server.hpp"

#include "base/log.hpp"
#include "net/http_exchange.hpp"
#include "net/socket_transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/socket.h>

namespace mailferry::net {
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
using boost::system::error_code;

/// When the system has no descriptor left, asking again at once would only burn time.
constexpr std::chrono::milliseconds kAfterFailure{500};
/// A peer that is refused may still be sending; closing before it ends would take the refusal from it.
constexpr std::chrono::milliseconds kFarewell{1'000};
constexpr std::size_t kMostUnread = 64 * 1024;

asio::generic::stream_protocol protocol_of(int family) {
  return {family, 0};
}

HttpReply internal_error() {
  return HttpReply{.status = 500, .body = "internal error\n"};
}

/// Reads what the peer still sends, up to a bound, until it hangs up.
Task<> wait_for_end(Transport& transport) {
  std::array<char, 4'096> rest{};
  for (std::size_t unread = 0; unread < kMostUnread;) {
    CO_TRY(const std::size_t count, co_await transport.read_some(rest, kFarewell));
    unread += count;
  }
  co_return Result<>{};
}

}  // namespace

HttpServer::HttpServer(asio::io_context& context, HttpHandler& handler, HttpLimits limits)
    : context_(context), handler_(handler), limits_(limits), stopped_(context), tasks_(context) {}

HttpServer::~HttpServer() = default;

Result<> HttpServer::listen_local(const std::filesystem::path& path) {
  TRY(auto listener, LocalListener::listen(path));
  doors_.push_back(
      {.acceptor = Acceptor(context_, protocol_of(AF_UNIX), listener.release()), .origin = HttpOrigin::local_socket});
  files_.push_back(std::move(listener));
  return {};
}

Result<std::uint16_t> HttpServer::listen_network(const ListenAddress& address) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
  asio::ip::tcp::acceptor acceptor(context_);
  error_code code;
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code)
    return fail(ErrorKind::local_io, Scope::run,
                fmt::format("cannot listen at {}:{}: {}", address.host, address.port, code.message()),
                "is another program there already?");
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  const auto port = acceptor.local_endpoint(code).port();
  const auto family = endpoint.protocol().family();
  doors_.push_back(
      {.acceptor = Acceptor(context_, protocol_of(family), acceptor.release()), .origin = HttpOrigin::network});
  return port;
}

Task<> HttpServer::serve() {
  for (auto& door : doors_)
    tasks_.spawn("status listener", run_door(&door));
  co_return co_await tasks_.join();
}

void HttpServer::stop() noexcept {
  stopping_ = true;
  error_code ignored;
  for (auto& door : doors_)
    door.acceptor.close(ignored);
  for (const auto& session : sessions_)
    session.transport->close();
  stopped_.notify_all();
}

Task<> HttpServer::run_door(Door* door) {
  while (!stopping_) {
    auto [code, socket] = co_await door->acceptor.async_accept(kAwait);
    if (stopping_) break;
    if (code) {
      co_await async::sleep_for(kAfterFailure, stopped_);
      continue;
    }
    if (!make_room(door->origin)) continue;
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    tasks_.spawn("status request", run_session(std::move(socket), door->origin));
  }
  co_return Result<>{};
}

/// Where all places are taken, the one that has been silent for the longest leaves: who asks is served, whoever only
/// holds on to a connection.
bool HttpServer::make_room(HttpOrigin origin) {
  const auto counts = [origin](const Session& session) { return session.origin == origin && !session.is_leaving; };
  if (static_cast<std::size_t>(std::ranges::count_if(sessions_, counts)) < limits_.connections) return true;
  const auto silent = [&](const Session& session) { return counts(session) && session.is_silent; };
  const auto oldest = std::ranges::find_if(sessions_, silent);
  if (oldest == sessions_.end()) return false;
  oldest->is_leaving = true;
  oldest->transport->close();
  return true;
}

Task<> HttpServer::run_session(StreamSocket socket, HttpOrigin origin) {
  if (stopping_) co_return Result<>{};
  const Timeouts timeouts{.connect = limits_.patience, .response = limits_.patience, .write = limits_.patience};
  SocketTransport transport(std::move(socket), "a client of the status server", timeouts);
  const auto session = sessions_.insert(sessions_.end(), Session{.transport = &transport, .origin = origin});
  const auto outcome = co_await converse(session);
  if (!outcome) log::debug("a request for the status was not answered", {{"reason", outcome.error().message}});
  sessions_.erase(session);
  transport.close();
  co_return Result<>{};
}

Task<> HttpServer::converse(Place session) {
  auto& transport = *session->transport;
  const HttpBounds bounds{
      .header_octets = limits_.header_octets, .body_octets = limits_.body_octets, .patience = limits_.request};
  CO_TRY(HttpReceived received, co_await receive_request(transport, bounds));
  session->is_silent = false;
  if (received.refusal) {
    CO_CHECK(co_await send(transport, *received.refusal, true));
    co_return co_await wait_for_end(transport);
  }
  const bool with_body = received.request.method != "HEAD";
  received.request.origin = session->origin;
  auto asked = handler_.answer(std::move(received.request));
  auto answer = co_await std::move(asked);
  if (!answer) {
    log::error("a request for the status failed", {{"reason", answer.error().describe()}});
    answer = internal_error();
  }
  co_return co_await send(transport, *answer, with_body);
}

Task<> HttpServer::send(Transport& transport, const HttpReply& answer, bool with_body) {
  const auto octets = to_octets(answer, with_body);
  co_return co_await transport.write_all(octets);
}

}  // namespace mailferry::net
