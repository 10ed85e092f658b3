// One HTTP request over one connection: what signing in with OAuth2 needs. No redirects, cookies or kept connections.
#pragma once

#include "async/task.hpp"
#include "base/secret.hpp"
#include "net/endpoint.hpp"
#include "net/http_url.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>

namespace mailferry::net {

struct HttpPost {
  HttpUrl url;
  /// The body, application/x-www-form-urlencoded.
  Secret form;
  /// The value of the Authorization field; empty: none.
  Secret authorization;
  TlsOptions tls;
  std::optional<Proxy> proxy;
  /// `response` is for the whole exchange after the handshake.
  Timeouts timeouts;
};

struct HttpAnswer {
  unsigned status = 0;
  Secret body;
  /// From Retry-After, in seconds; zero: the server said nothing.
  std::chrono::seconds retry_after{0};
};

/// Sends the form and reads the answer, whatever its status. Errors: as connect(), timeout, network, protocol (the
/// answer is no HTTP or larger than 1 MiB); nothing of the form or the answer is repeated in them.
Task<HttpAnswer> post_form(asio::io_context& context, const HttpPost& request);

}  // namespace mailferry::net
