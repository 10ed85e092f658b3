// The endpoints of a bridge's status server: who may ask what, and the answers. It opens no socket.
#pragma once

#include "net/http_message.hpp"
#include "net/listen_address.hpp"
#include "report/bridge_status.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace mailferry::web {

/// The bridge, as its status server sees it. All is called on the thread of the loop.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  [[nodiscard]] virtual report::BridgeStatus status() = 0;
  /// Tries the parked messages again now; how many there are.
  virtual Task<std::size_t> retry() = 0;
  /// Forgets these parked messages: they are neither tried nor reported again. How many were still there.
  virtual Task<std::size_t> clear(std::vector<report::ParkedStatus> parked) = 0;
};

class StatusService final : public net::HttpHandler {
 public:
  /// `source` outlives the service. `reach` is that of the TCP address.
  explicit StatusService(StatusSource& source, net::Reach reach = net::Reach::loopback)
      : source_(source), reach_(reach) {}

  Task<net::HttpReply> answer(net::HttpRequest request) override;

 private:
  friend struct Endpoint;
  Task<net::HttpReply> page(const net::HttpRequest& request);
  Task<net::HttpReply> health(const net::HttpRequest& request);
  Task<net::HttpReply> readiness(const net::HttpRequest& request);
  Task<net::HttpReply> metrics(const net::HttpRequest& request);
  Task<net::HttpReply> status(const net::HttpRequest& request);
  Task<net::HttpReply> retry(const net::HttpRequest& request);
  Task<net::HttpReply> clear(const net::HttpRequest& request);

  StatusSource& source_;
  net::Reach reach_;
};

}  // namespace mailferry::web
