// The address of an HTTP resource, in its parts; plain data without Asio, so that configuration can check it.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mailferry::net {

struct HttpUrl {
  bool is_https = true;
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target = "/";  // path and query

  /// Nobody on the way can read or change what is sent: https, or a connection that does not leave this machine.
  [[nodiscard]] bool is_private() const noexcept;
  /// "host:port" where the port is not the usual one, for the Host field and for messages.
  [[nodiscard]] std::string authority() const;
};

/// "https://host[:port][/path][?query]"; http:// likewise. Errors: usage (no such URL; one with a user, a fragment, a
/// blank or a control character). The text is not repeated in errors.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace mailferry::net
