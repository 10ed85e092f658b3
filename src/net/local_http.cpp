#include "net/local_http.hpp"

#include "async/run_loop.hpp"
#include "net/http_exchange.hpp"
#include "net/local_socket.hpp"
#include "net/socket_transport.hpp"

namespace mailferry::net {
namespace {

constexpr std::uint32_t kMostHeader = 16 * 1024;
constexpr std::uint64_t kMostBody = 64 * 1024 * 1024;

Task<> ask(Transport& transport, const HttpRequest& request, HttpBounds bounds, HttpReply& answer) {
  const auto octets = to_octets(request);
  CO_CHECK(co_await transport.write_all(octets));
  CO_TRY(answer, co_await receive_answer(transport, bounds));
  co_return Result<>{};
}

}  // namespace

Result<HttpReply> ask_local(const std::filesystem::path& socket, const HttpRequest& request,
                            std::chrono::milliseconds patience) {
  TRY(const int descriptor, connect_local(socket, patience));
  asio::io_context context;
  const Timeouts timeouts{.connect = patience, .response = patience, .write = patience};
  SocketTransport transport(SocketTransport::StreamSocket(context, {AF_UNIX, 0}, descriptor), "the bridge", timeouts);
  const HttpBounds bounds{.header_octets = kMostHeader, .body_octets = kMostBody, .patience = patience};
  HttpReply answer;
  CHECK_OK(async::run_until_done(context, ask(transport, request, bounds, answer)));
  return answer;
}

}  // namespace mailferry::net
