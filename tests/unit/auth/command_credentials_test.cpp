#include "auth/command_credentials.hpp"

#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mailferry::auth {
namespace {

/// The command prints what a file holds, and notes that it was run.
class CommandToken : public testing::Test {
 protected:
  CommandToken() {
    std::string name = (std::filesystem::temp_directory_path() / "mailferry-token-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    print("first");
    credentials_ = std::make_unique<CommandCredentials>(
        SecretSource{.kind = SecretSource::Kind::command,
                     .value = "echo run >> " + directory_ + "/runs; cat " + directory_ + "/token",
                     .is_token = true},
        "a@h", with_token("first"));
  }
  ~CommandToken() override { std::filesystem::remove_all(directory_); }
  CommandToken(const CommandToken&) = delete;
  CommandToken& operator=(const CommandToken&) = delete;

  static Credentials with_token(const std::string& token) {
    return {.user = "a", .secret = Secret(token), .is_token = true};
  }
  void print(const std::string& token) const { std::ofstream(directory_ + "/token") << token << '\n'; }
  [[nodiscard]] int runs() const {
    std::ifstream file(directory_ + "/runs");
    int lines = 0;
    for (std::string line; std::getline(file, line);)
      ++lines;
    return lines;
  }
  std::string current() {
    auto credentials = test::run_task(context_, credentials_->current(context_));
    return credentials ? std::string(credentials->secret.reveal()) : credentials.error().describe();
  }
  Result<bool> renew(const std::string& refused) {
    const auto credentials = with_token(refused);
    return test::run_task(context_, credentials_->renew(context_, credentials));
  }

  asio::io_context context_;
  std::string directory_;
  std::unique_ptr<CommandCredentials> credentials_;
};

TEST_F(CommandToken, IsThatOfTheStartUntilItIsRefused) {
  print("second");

  EXPECT_EQ(current(), "first");
  EXPECT_EQ(runs(), 0);
}

TEST_F(CommandToken, IsPrintedAnewWhenItIsRefused) {
  print("second");

  EXPECT_TRUE(renew("first").value());
  EXPECT_EQ(current(), "second");
}

/// Several connections may be refused with the same token.
TEST_F(CommandToken, IsPrintedOnceForAllWhoWereRefused) {
  print("second");

  EXPECT_TRUE(renew("first").value());
  EXPECT_TRUE(renew("first").value());
  EXPECT_EQ(runs(), 1);
}

TEST_F(CommandToken, ThatIsTheSameAgainStaysRefused) {
  EXPECT_FALSE(renew("first").value());
}

TEST_F(CommandToken, ThatIsRefusedAtOnceIsNotAskedForAgain) {
  print("second");
  ASSERT_TRUE(renew("first").value());
  print("third");

  EXPECT_FALSE(renew("second").value());
  EXPECT_EQ(runs(), 1);
}

TEST_F(CommandToken, ThatCannotBePrintedIsAnErrorOfTheAccount) {
  std::filesystem::remove(directory_ + "/token");

  const auto renewed = renew("first");

  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().kind, ErrorKind::auth);
  EXPECT_EQ(renewed.error().scope, Scope::account);
  EXPECT_EQ(current(), "first");
}

}  // namespace
}  // namespace mailferry::auth
