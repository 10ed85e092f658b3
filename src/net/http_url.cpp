#include "net/http_url.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <charconv>

namespace mailferry::net {
namespace {

constexpr std::size_t kLongestUrl = 4096;

std::unexpected<Error> refuse(std::string problem) {
  return fail(ErrorKind::usage, Scope::run, std::move(problem), "write https://host/path");
}

bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}

Result<> take_scheme(std::string_view& text, HttpUrl& url) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  url.is_https = equal_ascii_nocase(text.substr(0, kHttps.size()), kHttps);
  if (!url.is_https && !equal_ascii_nocase(text.substr(0, kHttp.size()), kHttp))
    return refuse("it begins with neither https:// nor http://");
  text.remove_prefix(url.is_https ? kHttps.size() : kHttp.size());
  url.port = url.is_https ? 443 : 80;
  return {};
}

Result<> take_port(std::string_view digits, HttpUrl& url) {
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, url.port);
  if (error != std::errc{} || rest != end || url.port == 0) return refuse("its port is no number from 1 to 65535");
  return {};
}

Result<> take_authority(std::string_view authority, HttpUrl& url) {
  if (authority.contains('@')) return refuse("it contains a user");
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return refuse("its address has no closing bracket");
    url.host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (url.host.empty()) return refuse("it has no host");
  if (rest.empty()) return {};
  if (!rest.starts_with(':')) return refuse("its host is followed by something that is no port");
  return take_port(rest.substr(1), url);
}

}  // namespace

bool HttpUrl::is_private() const noexcept {
  return is_https || host == "127.0.0.1" || host == "::1" || equal_ascii_nocase(host, "localhost");
}

std::string HttpUrl::authority() const {
  const auto name = host.contains(':') ? "[" + host + "]" : host;
  return port == (is_https ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  if (text.size() > kLongestUrl) return refuse("it is too long");
  if (!std::all_of(text.begin(), text.end(), is_visible)) return refuse("it contains a blank or a special character");
  if (text.contains('#')) return refuse("it contains a '#'");
  HttpUrl url;
  CHECK_OK(take_scheme(text, url));
  const auto end = std::min(text.find_first_of("/?"), text.size());
  CHECK_OK(take_authority(text.substr(0, end), url));
  const auto target = text.substr(end);
  if (!target.empty()) url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

}  // namespace mailferry::net
