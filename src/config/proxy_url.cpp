#include "config/proxy_url.hpp"

#include "config/units.hpp"
#include "config/user_text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mailferry::config {
namespace {

struct SchemeRow {
  std::string_view name;
  net::Proxy::Kind kind;
  std::uint16_t port;  // 0: it has to be told
};

constexpr std::array kSchemes{
    SchemeRow{"socks5", net::Proxy::Kind::socks5, 1080},
    SchemeRow{"socks5h", net::Proxy::Kind::socks5, 1080},
    SchemeRow{"http", net::Proxy::Kind::http, 0},
};

std::unexpected<Error> refuse(std::string_view problem) {
  return fail(ErrorKind::usage, Scope::run, fmt::format("the proxy's URL {}", problem),
              "write socks5://[user@]host[:port] or http://[user@]host:port");
}

}  // namespace

Result<net::Proxy> parse_proxy_url(const std::string& text) {
  // Boost.URL 1.81 ends the process on some texts without an authority, like "http:{".
  const auto colon = std::min(text.find(':'), text.size());
  if (text.compare(colon, 3, "://") != 0) return refuse("cannot be read");
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return refuse("cannot be read");
  const auto& url = *parsed;
  const auto scheme = std::ranges::find(kSchemes, std::string_view(url.scheme()), &SchemeRow::name);
  if (scheme == kSchemes.end()) return refuse("begins with neither socks5:// nor http://");
  if (url.has_password()) {
    return fail(ErrorKind::usage, Scope::run,
                "the proxy's URL contains a password, which other users of this machine could see",
                "put it into a file and name that as proxy_password_file, or with --from-proxy-password-file or "
                "--to-proxy-password-file");
  }
  net::Proxy proxy{
      .kind = scheme->kind, .host = url.host_address(), .port = scheme->port, .user = url.user(), .password = {}};
  if (url.has_port()) proxy.port = parse_port(url.port());
  const bool has_path = !url.path().empty() && url.path() != "/";
  if (proxy.host.empty()) return refuse("names no host");
  if (proxy.port == 0) return refuse("names no port");
  if (has_path || url.has_query() || url.has_fragment()) return refuse("has something behind the port");
  if (has_control(proxy.user) || has_control(proxy.host)) return refuse("contains a control character");
  return proxy;
}

}  // namespace mailferry::config
