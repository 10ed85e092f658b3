#include "net/listen_address.hpp"

#include "base/ascii.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace mailferry::net {
namespace {

using asio_address = boost::asio::ip::address;

struct Parts {
  std::string host;
  std::string port;  // empty: none
  bool bracketed = false;
};

/// Nothing: brackets that do not close, or something between them and the port.
std::optional<Parts> divide(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return {};
    return Parts{.host = std::string(text.substr(1, end - 1)),
                 .port = std::string(rest.empty() ? rest : rest.substr(1)),
                 .bracketed = true};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return Parts{.host = std::string(text), .port = {}};
  return Parts{.host = std::string(text.substr(0, colon)), .port = std::string(text.substr(colon + 1))};
}

std::optional<std::uint16_t> to_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return port;
}

std::optional<asio_address> to_address(const Parts& parts) {
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(parts.host, failure);
  if (failure || address.is_v6() != parts.bracketed) return {};
  return address;
}

bool is_label(std::string_view name) {
  const auto fits = [](char c) { return is_digit_ascii(c) || c == '-' || c == '_' || (c >= 'a' && c <= 'z'); };
  return !name.empty() && std::ranges::all_of(to_lower_ascii(name), fits);
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text, Reach reach) {
  auto parts = divide(text);
  if (parts && equal_ascii_nocase(parts->host, "localhost") && !parts->bracketed) parts->host = "127.0.0.1";
  const auto port = parts ? to_port(parts->port) : std::nullopt;
  const auto address = parts ? to_address(*parts) : std::nullopt;
  if (!port || !address)
    return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is no address to listen at", text),
                "give an IP address and a port, like 127.0.0.1:8080 or [::1]:8080");
  if (!address->is_loopback() && reach == Reach::loopback)
    return fail(ErrorKind::usage, Scope::run, fmt::format("{} can be reached by others than this machine", text),
                "listen at 127.0.0.1, or set listen_reach = \"everyone\"");
  return ListenAddress{.host = address->to_string(), .port = *port, .is_loopback = address->is_loopback()};
}

bool is_own_host(std::string_view host, Reach reach) {
  const auto parts = divide(host);
  if (!parts || parts->host.empty()) return false;
  if (!parts->port.empty() && !to_port(parts->port)) return false;
  if (to_address(*parts)) return true;
  const auto name = to_lower_ascii(parts->host);
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  return reach == Reach::everyone && is_label(name);
}

}  // namespace mailferry::net
