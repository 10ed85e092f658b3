// What the connections of one account do when they all need another access token at the same time.
#include "auth/oauth/oauth_credentials.hpp"

#include "support/loopback_server.hpp"
#include "support/run_task.hpp"
#include "unit/db/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>

namespace mailferry::auth {
namespace {

using Got = std::optional<Result<Credentials>>;

class OAuthCredentialsTest : public testing::Test {
 protected:
  OAuthCredentialsTest() {
    test::write_file(directory_.file("token.json"),
                     R"({"access_token":"old","refresh_token":"r1","expiry":"2020-01-01T00:00:00Z"})");
  }

  /// Of several at once, each with its outcome.
  std::array<Got, 4> ask_together() {
    std::array<Got, 4> got;
    for (auto& one : got)
      asio::co_spawn(io_, test::keep_outcome(credentials_.current(io_), &one), [](std::exception_ptr exception) {
        if (exception) std::rethrow_exception(exception);
      });
    io_.restart();
    io_.run();
    return got;
  }

  void serve(test::ServerConnection& connection) {
    ++asked_;
    for (std::string line = connection.read_line(); line.size() > 2;)
      line = connection.read_line();
    connection.write(answer_);
  }

  [[nodiscard]] OAuthSettings settings() const {
    return {.client_id = "c",
            .token_file = directory_.file("token.json"),
            .token_url = fmt::format("http://127.0.0.1:{}/token", server_.port())};
  }

  asio::io_context io_{1};
  test::TemporaryDirectory directory_;
  std::atomic<int> asked_ = 0;
  std::string answer_;
  test::LoopbackServer server_{[this](test::ServerConnection& connection) { serve(connection); }};
  OAuthCredentials credentials_{settings(), {.name = "work", .user = "ann", .proxy = {}, .timeouts = {}}, {}};
};

TEST_F(OAuthCredentialsTest, RefreshOnceForAllWhoAsk) {
  answer_ = "HTTP/1.0 200 OK\r\n\r\n{\"access_token\":\"new\",\"expires_in\":3600}";
  const auto got = ask_together();

  EXPECT_EQ(asked_, 1);
  for (const auto& one : got) {
    ASSERT_TRUE(one && *one);
    EXPECT_EQ((*one)->secret.reveal(), "new");
  }
}

TEST_F(OAuthCredentialsTest, AskAFailingProviderOnceForAllWhoAsk) {
  answer_ = "HTTP/1.0 503 Busy\r\n\r\n";
  const auto got = ask_together();

  EXPECT_EQ(asked_, 1);
  for (const auto& one : got) {
    ASSERT_TRUE(one && !*one);
    EXPECT_NE(one->error().message.find("503"), std::string::npos) << one->error().message;
  }
  EXPECT_FALSE(test::run_task(io_, credentials_.current(io_)));
  EXPECT_EQ(asked_, 2) << "who comes later asks anew";
}

}  // namespace
}  // namespace mailferry::auth
