#include "net/http_client.hpp"

#include "net/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace mailferry::net {
namespace {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;
using Parser = http::response_parser<http::string_body>;

constexpr std::size_t kMostBody = std::size_t{1} << 20;
constexpr std::uint32_t kMostHeader = 16 * 1024;
constexpr std::size_t kPiece = 8192;
constexpr std::chrono::seconds kLongestPause{24 * 3600};

Endpoint endpoint_of(const HttpPost& request) {
  Endpoint endpoint;
  endpoint.host = request.url.host;
  endpoint.port = request.url.port;
  endpoint.security = request.url.is_https ? Security::tls : Security::plaintext;
  endpoint.tls = request.tls;
  endpoint.timeouts = request.timeouts;
  endpoint.proxy = request.proxy;
  return endpoint;
}

Secret text_of(const HttpPost& request) {
  const auto form = request.form.reveal();
  const auto proof = request.authorization.reveal();
  return Secret(fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: mailferry\r\nAccept: application/json\r\n{}{}{}"
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      request.url.target, request.url.authority(), proof.empty() ? "" : "Authorization: ", proof,
      proof.empty() ? "" : "\r\n", form.size(), form));
}

std::unexpected<Error> misunderstood(const HttpUrl& url) {
  return fail(ErrorKind::protocol, Scope::account, fmt::format("{} does not answer like a web server", url.authority()),
              "check the URL", Retry::later);
}

std::chrono::seconds pause_of(std::string_view text) {
  std::uint32_t seconds = 0;  // a date instead of seconds counts as nothing
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::min(std::chrono::seconds(seconds), kLongestPause);
}

HttpAnswer to_answer(Parser& parser) {
  auto& message = parser.get();
  const auto pause = message[http::field::retry_after];
  return {.status = message.result_int(),
          .body = Secret(std::move(message.body())),
          .retry_after = pause_of({pause.data(), pause.size()})};
}

/// Feeds `pending` to the parser and keeps what it did not take. False: this is no HTTP.
bool take_in(Parser& parser, std::string& pending) {
  while (!pending.empty() && !parser.is_done()) {
    boost::beast::error_code code;
    const auto taken = parser.put(boost::asio::buffer(pending), code);
    pending.erase(0, taken);
    if (code == http::error::need_more) return pending.size() <= kMostHeader;
    if (code) return false;
    if (taken == 0) break;
  }
  return true;
}

/// Without a length, the end of the connection is the end of the answer.
bool ends_here(Parser& parser, const Error& error) {
  if (error.kind != ErrorKind::network || !parser.is_header_done()) return false;
  boost::beast::error_code code;
  parser.put_eof(code);
  return !code && parser.is_done();
}

Task<HttpAnswer> read_answer(Transport& transport, const HttpPost& request) {
  Parser parser;
  parser.eager(true);
  parser.header_limit(kMostHeader);
  parser.body_limit(kMostBody);
  const auto deadline = Clock::now() + request.timeouts.response;
  std::string pending;
  std::array<char, kPiece> piece{};
  while (!parser.is_done()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto count = co_await transport.read_some(piece, std::max(left, std::chrono::milliseconds(0)));
    if (!count && ends_here(parser, count.error())) break;
    if (!count) co_return std::unexpected(count.error());
    pending.append(piece.data(), *count);
    if (!take_in(parser, pending)) co_return misunderstood(request.url);
  }
  co_return to_answer(parser);
}

}  // namespace

Task<HttpAnswer> post_form(asio::io_context& context, const HttpPost& request) {
  const auto endpoint = endpoint_of(request);
  const auto text = text_of(request);
  CO_TRY(const auto transport, co_await connect(context, endpoint));
  const auto octets = text.reveal();
  CO_CHECK(co_await transport->write_all(octets));
  auto answer = co_await read_answer(*transport, request);
  transport->close();
  co_return answer;
}

}  // namespace mailferry::net
