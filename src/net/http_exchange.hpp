// One request or answer of HTTP over a Transport, with one deadline for all of it. Private to net.
#pragma once

#include "net/http_message.hpp"
#include "net/transport.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace mailferry::net {

struct HttpBounds {
  std::uint32_t header_octets;
  std::uint64_t body_octets;
  std::chrono::milliseconds patience;
};

/// What came: a request, or the answer to one that cannot be served (400, 413, 431).
struct HttpReceived {
  HttpRequest request;
  std::optional<HttpReply> refusal;
};

/// Errors: the peer went away, or had not said all of it when the patience was over.
Task<HttpReceived> receive_request(Transport& transport, HttpBounds bounds);
/// Errors: network, timeout; protocol: it is no HTTP, or too long.
Task<HttpReply> receive_answer(Transport& transport, HttpBounds bounds);

/// With Content-Length and `Connection: close`; for HEAD without the body.
[[nodiscard]] std::string to_octets(const HttpReply& answer, bool with_body);
[[nodiscard]] std::string to_octets(const HttpRequest& request);

}  // namespace mailferry::net
