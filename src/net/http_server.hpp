// A small HTTP/1.1 server for the status of a daemon, on a socket file and, where asked for, on a TCP port. One request
// a connection; everything is bounded; it runs on the one loop of the daemon and never blocks it.
#pragma once

#include "async/notifier.hpp"
#include "async/task_scope.hpp"
#include "net/http_message.hpp"
#include "net/listen_address.hpp"
#include "net/local_socket.hpp"
#include "net/transport.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <list>

namespace mailferry::net {

struct HttpLimits {
  std::uint32_t header_octets = 8 * 1024;
  std::uint64_t body_octets = 4 * 1024;
  /// Of each kind of door: whoever fills one does not keep those at the other from asking.
  std::size_t connections = 32;
  /// For the whole request, from the connection to its last octet.
  std::chrono::milliseconds request{5'000};
  /// For the peer to take the answer.
  std::chrono::milliseconds patience{10'000};
};

class HttpServer {
 public:
  /// `handler` outlives the server.
  HttpServer(asio::io_context& context, HttpHandler& handler, HttpLimits limits = {});
  /// serve() must have ended.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Who can open the file (0600) may ask. Errors as LocalListener::listen().
  [[nodiscard]] Result<> listen_local(const std::filesystem::path& path);
  /// The port that is listened at. Error{local_io}: it is taken, or not ours to take.
  [[nodiscard]] Result<std::uint16_t> listen_network(const ListenAddress& address);

  /// Answers until stop(). For a TaskScope, once, after listening.
  Task<> serve();
  /// Ends serve() soon; what is being answered is cut off.
  void stop() noexcept;

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
  using StreamSocket = asio::generic::stream_protocol::socket;
  struct Door {
    Acceptor acceptor;
    HttpOrigin origin;
  };

  struct Session {
    Transport* transport;
    HttpOrigin origin;
    bool is_silent = true;  // its request is not complete
    bool is_leaving = false;
  };
  using Place = std::list<Session>::iterator;

  Task<> run_door(Door* door);
  [[nodiscard]] bool make_room(HttpOrigin origin);
  Task<> run_session(StreamSocket socket, HttpOrigin origin);
  Task<> converse(Place session);
  Task<> send(Transport& transport, const HttpReply& answer, bool with_body);

  asio::io_context& context_;
  HttpHandler& handler_;
  HttpLimits limits_;
  std::list<LocalListener> files_;
  std::list<Door> doors_;
  std::list<Session> sessions_;  // the oldest first
  async::Notifier stopped_;
  async::TaskScope tasks_;
  bool stopping_ = false;
};

}  // namespace mailferry::net
