// A request of HTTP that came to us and our reply to it, as plain data, and who replies.
#pragma once

#include "async/task.hpp"

#include <string>
#include <utility>
#include <vector>

namespace mailferry::net {

/// Who asks: somebody who may open the socket file, or whoever reaches the port.
enum class HttpOrigin { local_socket, network };

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string host;
  HttpOrigin origin = HttpOrigin::local_socket;
  std::string body;
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// Errors are answered with 500 and their sentence is logged, not sent.
  virtual Task<HttpReply> answer(HttpRequest request) = 0;
};

}  // namespace mailferry::net
