// mailferry auth ACCOUNT: its options, and accounts with OAuth2 elsewhere.
#include "cli/secrets.hpp"
#include "command_line.hpp"

#include <gmock/gmock.h>

namespace mailferry::cli {
namespace {

using auth::OAuthFlow;
using testing::HasSubstr;

class AuthOptions : public test::CommandLineTest {
 protected:
  void SetUp() override {
    CommandLineTest::SetUp();
    write("mailferry.toml",
          "[account.work]\nurl = \"imaps://ann@h/\"\noauth = \"google\"\noauth_token_file = \"t.json\"\n"
          "[account.plain]\nurl = \"imaps://bob@h/\"\n");
  }
};

TEST_F(AuthOptions, ChooseTheWay) {
  EXPECT_EQ(accepted({"auth", "work"}).oauth_flow, std::nullopt);
  EXPECT_EQ(accepted({"auth", "work", "--loopback"}).oauth_flow, OAuthFlow::loopback);
  EXPECT_EQ(accepted({"auth", "work", "--device"}).oauth_flow, OAuthFlow::device);
  EXPECT_EQ(accepted({"auth", "--paste", "work"}).oauth_flow, OAuthFlow::paste);
  EXPECT_EQ(accepted({"auth", "work", "--port", "8765"}).oauth_port, 8765);
  EXPECT_EQ(accepted({"auth", "work"}).from.name, "work");
}

TEST_F(AuthOptions, ThatContradictAreRefused) {
  EXPECT_THAT(refused({"auth", "work", "--paste", "--device"}).message, HasSubstr("exclude each other"));
  EXPECT_THAT(refused({"auth", "work", "--paste", "--port", "1"}).message, HasSubstr("--port means nothing"));
  EXPECT_THAT(refused({"auth", "work", "--port", "65536"}).message, HasSubstr("too large"));
  EXPECT_EQ(refused({"auth"}).kind, ErrorKind::usage);
  EXPECT_EQ(refused({"auth", "work", "--mailbox", "INBOX"}).kind, ErrorKind::usage);
}

TEST_F(AuthOptions, WantAnAccountThatSignsInWithOAuth2) {
  EXPECT_THAT(refused({"auth", "plain"}).remedy, HasSubstr("oauth = \"google\""));
  EXPECT_THAT(refused({"auth", "wrok"}).message, HasSubstr("did you mean 'work'?"));
}

TEST_F(AuthOptions, OtherCommandsAskNobodyForAPassword) {
  auto line = accepted({"folders", "work"});
  EXPECT_TRUE(read_secrets(line, Prompting::impossible));
  EXPECT_TRUE(line.from.oauth);
  EXPECT_TRUE(line.from_secret.empty());
}

TEST_F(AuthOptions, APasswordOnTheCommandLineHasPrecedence) {
  const auto line = accepted({"folders", "work", "--from-password-env", "X"});
  EXPECT_FALSE(line.from.oauth);
  EXPECT_EQ(line.from.secret.kind, auth::SecretSource::Kind::environment);
}

}  // namespace
}  // namespace mailferry::cli
