#include "net/http_exchange.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>

namespace mailferry::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunk = 4'096;
constexpr std::chrono::milliseconds kLeastWait{1};

/// Feeds the parser until it has a whole message or refuses it (`refusal`). Errors are those of the transport.
template <class Parser>
Task<> feed(Transport& transport, Parser& parser, HttpBounds bounds, error_code& refusal) {
  parser.header_limit(bounds.header_octets);
  parser.body_limit(bounds.body_octets);
  parser.eager(true);
  const auto deadline = Clock::now() + bounds.patience;
  std::string pending;
  std::array<char, kChunk> chunk{};
  while (!parser.is_done()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    CO_TRY(const std::size_t count, co_await transport.read_some(chunk, std::max(left, kLeastWait)));
    pending.append(chunk.data(), count);
    const auto used = parser.put(asio::buffer(pending), refusal);
    pending.erase(0, used);
    if (refusal == http::error::need_more) refusal = {};
    if (refusal) co_return Result<>{};
  }
  co_return Result<>{};
}

HttpReply refuse(unsigned status, std::string sentence) {
  return HttpReply{.status = status, .body = std::move(sentence) + "\n"};
}

HttpReply to_refusal(const error_code& code) {
  if (code == http::error::header_limit) return refuse(431, "the header is too long");
  if (code == http::error::body_limit) return refuse(413, "the body is too long");
  return refuse(400, "this is no HTTP request");
}

}  // namespace

Task<HttpReceived> receive_request(Transport& transport, HttpBounds bounds) {
  http::request_parser<http::string_body> parser;
  error_code refusal;
  CO_CHECK(co_await feed(transport, parser, bounds, refusal));
  HttpReceived received;
  if (refusal) {
    received.refusal = to_refusal(refusal);
    co_return received;
  }
  const auto& message = parser.get();
  received.request.method = std::string(message.method_string());
  received.request.target = std::string(message.target());
  received.request.host = std::string(message[http::field::host]);
  received.request.body = message.body();
  if (message.count(http::field::host) > 1) received.refusal = refuse(400, "there is more than one Host");
  co_return received;
}

Task<HttpReply> receive_answer(Transport& transport, HttpBounds bounds) {
  http::response_parser<http::string_body> parser;
  error_code refusal;
  CO_CHECK(co_await feed(transport, parser, bounds, refusal));
  if (refusal) {
    co_return fail(ErrorKind::protocol, Scope::run, fmt::format("the answer cannot be read: {}", refusal.message()));
  }
  const auto& message = parser.get();
  HttpReply answer{.status = message.result_int(),
                   .content_type = std::string(message[http::field::content_type]),
                   .headers = {},
                   .body = message.body()};
  co_return answer;
}

std::string to_octets(const HttpReply& answer, bool with_body) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(answer.status));
  auto text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n", answer.status,
                  std::string_view(reason.data(), reason.size()), answer.content_type, answer.body.size());
  for (const auto& [name, value] : answer.headers)
    text += fmt::format("{}: {}\r\n", name, value);
  text += "\r\n";
  if (with_body) text += answer.body;
  return text;
}

std::string to_octets(const HttpRequest& request) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", request.method,
                     request.target, request.host.empty() ? "localhost" : request.host, request.body.size(),
                     request.body);
}

}  // namespace mailferry::net
