#include "config/account.hpp"

#include "base/ascii.hpp"

namespace mailferry::config {
namespace {

// An account reached by STARTTLS and by implicit TLS is one account.
std::uint16_t server_port(std::uint16_t port) {
  return port == 143 ? std::uint16_t{993} : port;
}

}  // namespace

std::string Account::label() const {
  const std::string host = to_lower_ascii(endpoint.host);
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return user + "@" + (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port);
}

bool is_same_account(const Account& one, const Account& other) {
  return one.user == other.user && equal_ascii_nocase(one.endpoint.host, other.endpoint.host) &&
         server_port(one.endpoint.port) == server_port(other.endpoint.port);
}

}  // namespace mailferry::config
