// HTTP CONNECT: RFC 9110 §9.3.6, with Basic credentials (RFC 7617).
#include "base/encoding.hpp"
#include "net/proxy_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace mailferry::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kLongestAnswer = 16 * 1024;

std::string request_for(const Proxy& proxy, const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  const auto target = is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
  auto request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy.user.empty()) {
    const auto credentials = proxy.user + ":" + std::string(proxy.password.reveal());
    request += fmt::format("Proxy-Authorization: Basic {}\r\n", to_base64(credentials));
  }
  return request + "\r\n";
}

std::unexpected<Error> refused(const ProxyStream& stream, const std::string& host, std::uint16_t port,
                               const http::response<http::empty_body>& answer) {
  const unsigned code = answer.result_int();
  if (code == 407) {
    return fail(ErrorKind::auth, Scope::account,
                fmt::format("the proxy {} wants a user and a password, or others", stream.name()),
                "put the user into the proxy's URL and the password into the file of proxy_password_file");
  }
  const bool may_change = code >= 500 || code == 429;
  return fail(may_change ? ErrorKind::network : ErrorKind::permission, Scope::account,
              fmt::format("the proxy {} does not connect to {}:{}: {} {}", stream.name(), host, port, code,
                          std::string_view(answer.reason().data(), answer.reason().size())),
              "check the server's name and port, and what the proxy allows", may_change ? Retry::later : Retry::never);
}

}  // namespace

Task<> ask_http(ProxyStream& stream, const Proxy& proxy, const std::string& host, std::uint16_t port) {
  const auto request = request_for(proxy, host, port);
  CO_CHECK(co_await stream.send(request));
  CO_TRY(const auto text, co_await stream.read_until("\r\n\r\n", kLongestAnswer));
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  boost::beast::error_code code;
  parser.put(boost::asio::buffer(text), code);
  if (code || !parser.is_header_done()) co_return stream.misunderstood("like no HTTP proxy");
  const unsigned status = parser.get().result_int();
  if (status < 200 || status > 299) co_return refused(stream, host, port, parser.get());
  co_return Result<>{};
}

}  // namespace mailferry::net
