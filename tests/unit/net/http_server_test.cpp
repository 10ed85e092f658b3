#include "net/http_server.hpp"

#include "net/local_http.hpp"
#include "net/local_socket.hpp"
#include "support/run_task.hpp"
#include "unit/db/temporary_directory.hpp"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace mailferry::net {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// Answers with what it was asked.
class Echo final : public HttpHandler {
 public:
  Task<HttpReply> answer(HttpRequest request) override {
    if (request.target == "/error") co_return fail(ErrorKind::local_io, Scope::run, "a secret of the disk");
    const auto* origin = request.origin == HttpOrigin::network ? "network" : "local";
    co_return HttpReply{
        .status = request.target == "/teapot" ? 418U : 200U,
        .headers = {{"X-Test", "yes"}},
        .body = fmt::format("{} {} {} {} {}", request.method, request.target, request.host, origin, request.body)};
  }
};

/// A server on a thread of its own, asked through plain blocking sockets.
class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpLimits limits = {}) {
    std::promise<void> ready;
    thread_ = std::thread([this, limits, &ready] { run(limits, ready); });
    ready.get_future().wait();
  }
  ~HttpServerTest() override { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] { server_->stop(); });
    thread_.join();
  }

  int connect_to_port() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  static std::string read_all(int socket) {
    std::string text;
    std::array<char, 4'096> chunk{};
    for (ssize_t count = 0; (count = ::recv(socket, chunk.data(), chunk.size(), 0)) > 0;)
      text.append(chunk.data(), static_cast<std::size_t>(count));
    ::close(socket);
    return text;
  }
  std::string ask(const std::string& octets) const {
    const int socket = connect_to_port();
    EXPECT_EQ(::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
    return read_all(socket);
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "state.socket";
  std::uint16_t port_ = 0;

 private:
  void run(HttpLimits limits, std::promise<void>& ready) {
    HttpServer server(context_, echo_, limits);
    server_ = &server;
    EXPECT_TRUE(server.listen_local(path_));
    port_ = server.listen_network({.host = "127.0.0.1", .port = 0}).value();
    ready.set_value();
    EXPECT_TRUE(test::run_task(context_, serve(server)));
  }
  static Task<int> serve(HttpServer& server) {
    CO_CHECK(co_await server.serve());
    co_return 0;
  }

  asio::io_context context_;
  Echo echo_;
  HttpServer* server_ = nullptr;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersOnThePort) {
  start();

  const auto answer = ask("GET /a?b=c HTTP/1.1\r\nHost: localhost:1\r\n\r\n");

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Test: yes\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a?b=c localhost:1 network "));
}

TEST_F(HttpServerTest, AnswersOnTheSocketFile) {
  start();

  const auto answer =
      ask_local(path_, {.method = "POST", .target = "/x", .host = "localhost", .body = "hello"}, milliseconds(5'000));

  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body, "POST /x localhost local hello");
}

TEST_F(HttpServerTest, ARequestInPiecesIsARequest) {
  start();
  const std::string request = "POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
  const int socket = connect_to_port();
  const int now = 1;
  ::setsockopt(socket, IPPROTO_TCP, 1 /* TCP_NODELAY */, &now, sizeof now);

  for (const char octet : request)
    ASSERT_EQ(::send(socket, &octet, 1, MSG_NOSIGNAL), 1);

  EXPECT_THAT(read_all(socket), EndsWith("POST /p localhost network abc"));
}

TEST_F(HttpServerTest, HeadHasTheHeaderOnly) {
  start();

  const auto answer = ask("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");

  EXPECT_THAT(answer, HasSubstr("Content-Length: 25\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, WhatIsTooLongIsRefused) {
  start({.header_octets = 1'024, .body_octets = 100});
  const std::string long_header = "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(4'000, 'x') + "\r\n\r\n";
  const auto body = [](std::size_t size) {
    return fmt::format("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", size,
                       std::string(size, 'x'));
  };

  EXPECT_THAT(ask(long_header), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(ask(body(101)), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask(body(100)), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, WhatIsNoHttpIsRefused) {
  start();

  EXPECT_THAT(ask("EHLO mail.example.org\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(std::string("\0\1\2\3\r\n\r\n", 8)), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, AnErrorOfTheHandlerIsNotToldToStrangers) {
  start();

  const auto answer = ask("GET /error HTTP/1.1\r\nHost: localhost\r\n\r\n");

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(answer.find("secret"), std::string::npos);
}

TEST_F(HttpServerTest, WhoSaysNothingIsHungUpOn) {
  start({.request = milliseconds(100)});
  const int silent = connect_to_port();
  const int slow = connect_to_port();
  EXPECT_EQ(::send(slow, "GET / HT", 8, MSG_NOSIGNAL), 8);

  EXPECT_EQ(read_all(silent), "");
  EXPECT_EQ(read_all(slow), "");
}

// Forty connections that said nothing kept everybody from asking, at both doors.
TEST_F(HttpServerTest, WhoIsSilentMakesRoomForWhoAsks) {
  start({.connections = 2});
  const int first = connect_to_port();
  const int second = connect_to_port();
  EXPECT_EQ(::send(first, "G", 1, MSG_NOSIGNAL), 1);
  EXPECT_EQ(::send(second, "G", 1, MSG_NOSIGNAL), 1);
  std::this_thread::sleep_for(milliseconds(50));

  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(read_all(first), "");
  const std::string rest = "ET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(::send(second, rest.data(), rest.size(), MSG_NOSIGNAL), static_cast<ssize_t>(rest.size()));
  EXPECT_THAT(read_all(second), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, MorePlacesThanThereAreAreTakenByNobody) {
  start({.connections = 2});
  std::vector<int> silent;
  for (int i = 0; i < 40; ++i)
    silent.push_back(connect_to_port());
  std::this_thread::sleep_for(milliseconds(100));

  const auto locally =
      ask_local(path_, {.method = "GET", .target = "/a", .host = "localhost", .body = {}}, milliseconds(5'000));
  ASSERT_TRUE(locally) << locally.error().describe();
  EXPECT_EQ(locally->body, "GET /a localhost local ");
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  for (const int socket : silent)
    ::close(socket);
}

TEST_F(HttpServerTest, StopsWhileSomebodyIsSilent) {
  start();
  const int silent = connect_to_port();
  std::this_thread::sleep_for(milliseconds(20));

  stop();

  EXPECT_EQ(read_all(silent), "");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(LocalListener, OnlyItsOwnerMayOpenTheFile) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "s";
  const auto before = ::umask(0);
  const auto listener = LocalListener::listen(path);
  ::umask(before);

  ASSERT_TRUE(listener) << listener.error().describe();
  struct stat status {};
  ASSERT_EQ(::lstat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(LocalListener, WhoListensAlreadyIsNotReplaced) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "s";
  const auto first = LocalListener::listen(path);
  ASSERT_TRUE(first);

  const auto second = LocalListener::listen(path);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::local_io);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(LocalListener, AFileThatIsNoSocketStays) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "s";
  std::ofstream(path) << "mail";

  EXPECT_FALSE(LocalListener::listen(path));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(LocalListener, RemovesOnlyItsOwnFile) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "s";
  {
    const auto listener = LocalListener::listen(path);
    ASSERT_TRUE(listener);
    std::filesystem::remove(path);
    std::ofstream(path) << "another's";
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(LocalListener, PathsMayBeLongerThanASocketAddress) {
  const test::TemporaryDirectory directory;
  const auto folder = directory.path() / std::string(200, 'd');
  std::filesystem::create_directory(folder);
  const auto path = folder / "state.db.socket";

  const auto listener = LocalListener::listen(path);
  ASSERT_TRUE(listener) << listener.error().describe();
  const auto descriptor = connect_local(path, std::chrono::seconds(1));
  ASSERT_TRUE(descriptor) << descriptor.error().describe();
  ::close(*descriptor);

  EXPECT_FALSE(LocalListener::listen(folder / std::string(200, 'n')));
}

TEST(ConnectLocal, NobodyListensIsANetworkError) {
  const test::TemporaryDirectory directory;

  const auto descriptor = connect_local(directory.path() / "none", std::chrono::seconds(1));

  ASSERT_FALSE(descriptor);
  EXPECT_EQ(descriptor.error().kind, ErrorKind::network);
}

}  // namespace
}  // namespace mailferry::net
