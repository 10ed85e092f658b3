// SOCKS version 5: RFC 1928, and RFC 1929 for the password.
#include "net/proxy_stream.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>

namespace mailferry::net {
namespace {

constexpr char kVersion = 5;
constexpr char kNoSignIn = 0;
constexpr char kPassword = 2;
constexpr char kNothingFits = '\xff';
constexpr char kConnect = 1;
constexpr char kIPv4 = 1;
constexpr char kDomain = 3;
constexpr char kIPv6 = 4;
constexpr std::size_t kLongestName = 255;

struct Refusal {
  int code;
  std::string_view meaning;
  ErrorKind kind;
  Retry retry;
};

/// RFC 1928 §6.
constexpr std::array kRefusals{
    Refusal{1, "it failed", ErrorKind::network, Retry::later},
    Refusal{2, "its rules forbid it", ErrorKind::permission, Retry::never},
    Refusal{3, "the network is unreachable", ErrorKind::network, Retry::later},
    Refusal{4, "the host is unreachable or unknown", ErrorKind::network, Retry::later},
    Refusal{5, "the server refused the connection", ErrorKind::network, Retry::later},
    Refusal{6, "the way is too long", ErrorKind::network, Retry::later},
    Refusal{7, "it does not know the command", ErrorKind::protocol, Retry::never},
    Refusal{8, "it does not know this kind of address", ErrorKind::protocol, Retry::never},
};

std::unexpected<Error> refused(const ProxyStream& stream, const std::string& host, std::uint16_t port, int code) {
  const auto row = std::ranges::find(kRefusals, code, &Refusal::code);
  if (row == kRefusals.end()) return stream.misunderstood(fmt::format("with the unknown code {}", code));
  return fail(row->kind, Scope::account,
              fmt::format("the proxy {} does not connect to {}:{}: {}", stream.name(), host, port, row->meaning),
              "check the server's name and port, and what the proxy allows", row->retry);
}

std::unexpected<Error> sign_in_refused(const ProxyStream& stream) {
  return fail(ErrorKind::auth, Scope::account,
              fmt::format("the proxy {} wants a user and a password, or others", stream.name()),
              "put the user into the proxy's URL and the password into the file of proxy_password_file");
}

Task<> sign_in(ProxyStream& stream, const Proxy& proxy) {
  const auto password = std::string(proxy.password.reveal());
  if (proxy.user.size() > kLongestName || password.size() > kLongestName) {
    co_return fail(ErrorKind::usage, Scope::account,
                   fmt::format("user or password of the proxy {} is longer than 255 octets", stream.name()));
  }
  std::string request = "\x01";
  request += static_cast<char>(proxy.user.size());
  request += proxy.user;
  request += static_cast<char>(password.size());
  request += password;
  CO_CHECK(co_await stream.send(request));
  CO_TRY(const auto answer, co_await stream.read(2));
  if (answer[1] != 0) co_return sign_in_refused(stream);
  co_return Result<>{};
}

Task<> greet(ProxyStream& stream, const Proxy& proxy) {
  std::string request{kVersion, proxy.user.empty() ? '\1' : '\2', kNoSignIn};
  if (!proxy.user.empty()) request += kPassword;
  CO_CHECK(co_await stream.send(request));
  CO_TRY(const auto answer, co_await stream.read(2));
  if (answer[0] != kVersion) co_return stream.misunderstood("like no SOCKS5 proxy");
  const bool may_password = answer[1] == kPassword && !proxy.user.empty();
  if (answer[1] == kNothingFits) co_return sign_in_refused(stream);
  if (answer[1] != kNoSignIn && !may_password) co_return stream.misunderstood("with a sign-in nobody offered");
  if (may_password) CO_CHECK(co_await sign_in(stream, proxy));
  co_return Result<>{};
}

/// Names go as they are: the proxy may know hosts that this machine does not.
Result<std::string> address_of(const std::string& host) {
  boost::system::error_code code;
  const auto address = boost::asio::ip::make_address(host, code);
  if (!code && address.is_v4()) {
    const auto octets = address.to_v4().to_bytes();
    return kIPv4 + std::string(octets.begin(), octets.end());
  }
  if (!code) {
    const auto octets = address.to_v6().to_bytes();
    return kIPv6 + std::string(octets.begin(), octets.end());
  }
  if (host.empty() || host.size() > kLongestName)
    return fail(ErrorKind::usage, Scope::account, fmt::format("the host name '{}' is too long for a proxy", host));
  return std::string{kDomain, static_cast<char>(host.size())} + host;
}

/// The address that the proxy connects from is of no use, but the server's octets come behind it.
Task<> skip_address(ProxyStream& stream, char kind) {
  std::size_t octets = kind == kIPv4 ? 4 : 16;
  if (kind == kDomain) {
    CO_TRY(const auto length, co_await stream.read(1));
    octets = static_cast<unsigned char>(length[0]);
  } else if (kind != kIPv4 && kind != kIPv6) {
    co_return stream.misunderstood("with an unknown kind of address");
  }
  CO_TRY(const auto skipped, co_await stream.read(octets + 2));
  co_return Result<>{};
}

}  // namespace

Task<> ask_socks5(ProxyStream& stream, const Proxy& proxy, const std::string& host, std::uint16_t port) {
  CO_TRY(const auto address, address_of(host));
  CO_CHECK(co_await greet(stream, proxy));
  std::string request{kVersion, kConnect, '\0'};
  request += address;
  request += static_cast<char>(port >> 8);
  request += static_cast<char>(port & 0xff);
  CO_CHECK(co_await stream.send(request));
  CO_TRY(const auto answer, co_await stream.read(4));
  if (answer[0] != kVersion) co_return stream.misunderstood("like no SOCKS5 proxy");
  if (answer[1] != 0) co_return refused(stream, host, port, static_cast<unsigned char>(answer[1]));
  co_return co_await skip_address(stream, answer[3]);
}

}  // namespace mailferry::net
