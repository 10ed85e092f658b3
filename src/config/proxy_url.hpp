// Proxies as people type them.
#pragma once

#include "base/result.hpp"
#include "net/endpoint.hpp"

#include <string>

namespace mailferry::config {

/// "socks5://[user@]host[:port]" (port 1080 when none is given; socks5h:// means the same) or
/// "http://[user@]host:port". The user is percent-decoded. Errors (usage) never repeat the part before the '@'; a
/// password is refused.
[[nodiscard]] Result<net::Proxy> parse_proxy_url(const std::string& text);

}  // namespace mailferry::config
