// The commands' questions over a real socket file to a real server.
#include "web/status_client.hpp"

#include "net/http_server.hpp"
#include "support/run_task.hpp"
#include "unit/db/temporary_directory.hpp"
#include "unit/web/made_up_bridge.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <future>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace mailferry::web {
namespace {

/// The server runs on a thread of its own, as the client blocks.
class RunningBridge {
 public:
  explicit RunningBridge(const std::filesystem::path& state) {
    std::promise<void> ready;
    thread_ = std::thread([this, state, &ready] { serve(state, ready); });
    ready.get_future().wait();
  }
  ~RunningBridge() {
    asio::post(context_, [this] { server_->stop(); });
    thread_.join();
  }
  MadeUpBridge bridge;

 private:
  void serve(const std::filesystem::path& state, std::promise<void>& ready) {
    StatusService service(bridge);
    net::HttpServer server(context_, service);
    server_ = &server;
    EXPECT_TRUE(server.listen_local(status_socket(state)));
    ready.set_value();
    EXPECT_TRUE(test::run_task(context_, run(server)));
  }
  static Task<int> run(net::HttpServer& server) {
    CO_CHECK(co_await server.serve());
    co_return 0;
  }

  asio::io_context context_;
  net::HttpServer* server_ = nullptr;
  std::thread thread_;
};

class StatusClientTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  std::filesystem::path state_ = directory_.path() / "state.db";
};

TEST_F(StatusClientTest, TheSocketIsBesideTheState) {
  EXPECT_EQ(status_socket("/var/lib/mailferry/state.db"), "/var/lib/mailferry/state.db.socket");
}

TEST_F(StatusClientTest, AsksForTheStatus) {
  const RunningBridge running(state_);

  const auto status = ask_status(state_);

  ASSERT_TRUE(status) << status.error().describe();
  EXPECT_EQ(status->version, "1.2.3");
  EXPECT_EQ(status->accounts.at(1).queued, 7U);
  EXPECT_EQ(status->parked.at(0).uid, 42U);
}

TEST_F(StatusClientTest, RetriesAndClears) {
  const RunningBridge running(state_);

  EXPECT_EQ(ask_retry(state_).value(), 1U);
  EXPECT_EQ(ask_clear(state_, {.uid = 42}).value(), 1U);
  EXPECT_EQ(running.bridge.retries, 1);
  EXPECT_EQ(running.bridge.cleared.size(), 1U);
  const auto nothing = ask_clear(state_, {.uid = 9});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::usage);
  EXPECT_FALSE(is_not_running(nothing.error()));
}

TEST_F(StatusClientTest, ABridgeThatDoesNotRunIsSaid) {
  const auto status = ask_status(state_);

  ASSERT_FALSE(status);
  EXPECT_TRUE(is_not_running(status.error()));
  EXPECT_NE(status.error().message.find("no bridge runs"), std::string::npos);
}

TEST_F(StatusClientTest, ASocketThatWasLeftBehindCountsAsNotRunningAndIsReplaced) {
  { const RunningBridge running(state_); }
  EXPECT_FALSE(std::filesystem::exists(status_socket(state_)));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  status_socket(state_).string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(socket);

  EXPECT_TRUE(is_not_running(ask_status(state_).error()));
  const RunningBridge running(state_);
  EXPECT_TRUE(ask_status(state_));
}

}  // namespace
}  // namespace mailferry::web
