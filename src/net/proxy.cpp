#include "net/proxy.hpp"

#include "net/proxy_stream.hpp"

#include <algorithm>

namespace mailferry::net {

std::string proxy_name(const Proxy& proxy) {
  const char* scheme = proxy.kind == Proxy::Kind::socks5 ? "socks5" : "http";
  const bool has_colon = proxy.host.find(':') != std::string::npos;
  return has_colon ? fmt::format("{}://[{}]:{}", scheme, proxy.host, proxy.port)
                   : fmt::format("{}://{}:{}", scheme, proxy.host, proxy.port);
}

ProxyStream::ProxyStream(Transport& transport, const std::string& name, std::chrono::milliseconds patience)
    : transport_(transport), name_(name), patience_(patience), deadline_(std::chrono::steady_clock::now() + patience) {}

Error ProxyStream::explain(Error error) const {
  if (error.kind == ErrorKind::timeout) {
    error.message = fmt::format("the proxy {} did not answer within {:.3g} s", name_,
                                std::chrono::duration<double>(patience_).count());
  } else if (error.kind == ErrorKind::network) {
    error.message = fmt::format("the proxy {} closed the connection without an answer", name_);
  } else {
    return error;
  }
  error.retry = Retry::later;
  error.remedy = "check the proxy's kind (socks5:// or http://), its address, and whether it serves this server";
  return error;
}

std::unexpected<Error> ProxyStream::misunderstood(const std::string& answer) const {
  return fail(ErrorKind::protocol, Scope::account, fmt::format("the proxy {} answers {}", name_, answer),
              "check the proxy's kind (socks5:// or http://) and its port");
}

Task<> ProxyStream::send(const std::string& octets) {
  const auto sent = co_await transport_.write_all(octets);
  if (!sent) co_return std::unexpected(explain(sent.error()));
  co_return Result<>{};
}

Task<std::string> ProxyStream::read(std::size_t count) {
  std::string octets(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    const std::span<char> rest(octets.data() + have, count - have);
    const auto got = co_await transport_.read_some(rest, std::max(left, std::chrono::milliseconds(0)));
    if (!got) co_return std::unexpected(explain(got.error()));
    have += *got;
  }
  co_return octets;
}

Task<std::string> ProxyStream::read_until(const std::string& end, std::size_t limit) {
  std::string octets;
  while (!octets.ends_with(end)) {
    if (octets.size() >= limit) co_return misunderstood("without end");
    CO_TRY(const auto one, co_await read(1));
    octets += one;
  }
  co_return octets;
}

Task<> ask_proxy(Transport& transport, const Proxy& proxy, const std::string& host, std::uint16_t port,
                 std::chrono::milliseconds patience) {
  const auto name = proxy_name(proxy);
  ProxyStream stream(transport, name, patience);
  if (proxy.kind == Proxy::Kind::socks5) {
    CO_CHECK(co_await ask_socks5(stream, proxy, host, port));
  } else {
    CO_CHECK(co_await ask_http(stream, proxy, host, port));
  }
  co_return Result<>{};
}

}  // namespace mailferry::net
