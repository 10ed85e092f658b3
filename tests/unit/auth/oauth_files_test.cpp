// The files of OAuth2: client files, token files in both forms, and the moments in them.
#include "auth/oauth/client_file.hpp"
#include "auth/oauth/timestamps.hpp"
#include "auth/oauth/token_file.hpp"
#include "auth/oauth/token_lock.hpp"
#include "base/files.hpp"
#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sys/stat.h>

namespace mailferry::auth {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using testing::Not;

constexpr sys_seconds kNoon{seconds(1'777'636'800)};  // 2026-05-01T12:00:00Z

TEST(Timestamp, IsReadInEachFormThatTokenFilesHave) {
  for (const auto* text : {"2026-05-01T12:00:00Z", "2026-05-01T12:00:00.123456789Z", "2026-05-01T14:00:00+02:00",
                           "2026-05-01T06:30:00.5-05:30", "2026-05-01 12:00:00", "2026-05-01T12:00:00.000000",
                           "2026-05-01t12:00:00z", "2026-05-01T12:00:00+00:00"})
    EXPECT_EQ(parse_timestamp(text), kNoon) << text;
}

TEST(Timestamp, OfAnyOtherFormIsNone) {
  for (const auto* text :
       {"", "2026", "2026-05-01", "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z", "2026-05-01T24:00:00Z",
        "2026-05-01T12:60:00Z", "2026-05-01T12:00:00Zx", "2026-05-01T12:00:00+0200", "x026-05-01T12:00:00Z",
        "2026-05-01T12:00:00+02:0", "1777636800"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(Timestamp, IsWrittenAndReadAgainTheSame) {
  EXPECT_EQ(format_timestamp(kNoon), "2026-05-01T12:00:00Z");
  for (const auto time : {kNoon, sys_seconds(seconds(0)), kNoon + seconds(86'399), sys_seconds(seconds(253402300799))})
    EXPECT_EQ(parse_timestamp(format_timestamp(time)), time);
}

constexpr std::string_view kGo =
    R"({"access_token":"a1","token_type":"Bearer","id_token":"kept","refresh_token":"r1","expiry":"2026-05-01T14:00:00.5+02:00"})";
constexpr std::string_view kGoogleAuth =
    R"({"token":"a1","refresh_token":"r1","token_uri":"https://t.example/","client_id":"c","client_secret":"s","scopes":["x"],"account":"","expiry":"2026-05-01T12:00:00.123456"})";

TokenFile parsed(std::string_view text) {
  auto file = TokenFile::parse(text, "/t.json");
  EXPECT_TRUE(file) << file.error().describe();
  return file ? *file : TokenFile();
}

TEST(TokenFileOfGo, IsRead) {
  const auto file = parsed(kGo);
  EXPECT_EQ(file.form(), TokenFile::Form::go);
  EXPECT_EQ(file.tokens().access.reveal(), "a1");
  EXPECT_EQ(file.tokens().refresh.reveal(), "r1");
  EXPECT_EQ(file.tokens().expires, kNoon);
  EXPECT_TRUE(file.client_id().empty());
}

TEST(TokenFileOfGo, KeepsItsOtherMembersInTheirPlaces) {
  auto file = parsed(kGo);
  file.update({.access = Secret("a2"), .refresh = Secret(), .expires = kNoon + seconds(60), .lifetime = seconds(60)});
  EXPECT_EQ(
      file.text(),
      R"({"access_token":"a2","token_type":"Bearer","id_token":"kept","refresh_token":"r1","expiry":"2026-05-01T12:01:00Z"})"
      "\n");
}

TEST(TokenFileOfGo, ThatNeverEndsHasTheYearOne) {
  const auto file = parsed(R"({"access_token":"a","expiry":"0001-01-01T00:00:00Z"})");
  EXPECT_FALSE(file.tokens().expires);
}

TEST(TokenFileOfGoogleAuth, IsReadWithItsClient) {
  const auto file = parsed(kGoogleAuth);
  EXPECT_EQ(file.form(), TokenFile::Form::google_auth);
  EXPECT_EQ(file.tokens().access.reveal(), "a1");
  EXPECT_EQ(file.tokens().expires, kNoon);
  EXPECT_EQ(file.client_id(), "c");
  EXPECT_EQ(file.client_secret().reveal(), "s");
  EXPECT_EQ(file.token_url(), "https://t.example/");
}

TEST(TokenFileOfGoogleAuth, StaysInItsForm) {
  auto file = parsed(kGoogleAuth);
  file.update({.access = Secret("a2"), .refresh = Secret("r2"), .expires = kNoon, .lifetime = seconds(60)});
  EXPECT_EQ(
      file.text(),
      R"({"token":"a2","refresh_token":"r2","token_uri":"https://t.example/","client_id":"c","client_secret":"s","scopes":["x"],"account":"","expiry":"2026-05-01T12:00:00Z"})"
      "\n");
}

TEST(TokenFileOfGoogleAuth, MayHaveNoAccessTokenYet) {
  const auto file = parsed(R"({"type":"authorized_user","client_id":"c","refresh_token":"r"})");
  EXPECT_EQ(file.form(), TokenFile::Form::google_auth);
  EXPECT_TRUE(file.tokens().access.empty());
}

TEST(TokenFile, ThatIsNewHasTheFormOfGo) {
  TokenFile file;
  file.update({.access = Secret("a"), .refresh = Secret("r"), .expires = kNoon});
  EXPECT_EQ(file.text(),
            R"({"access_token":"a","token_type":"Bearer","refresh_token":"r","expiry":"2026-05-01T12:00:00Z"})"
            "\n");
}

TEST(TokenFile, WithoutATokenIsAnErrorThatRepeatsNothing) {
  for (const auto* text : {"", "[]", "{}", "{\"access_token\":", R"({"access_token":7,"refresh_token":""})",
                           R"({"installed":{"client_secret":"hunter2"}})", "hunter2"}) {
    const auto file = TokenFile::parse(text, "/t.json");
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().kind, ErrorKind::auth);
    EXPECT_THAT(file.error().describe() + file.error().remedy, Not(HasSubstr("hunter2")));
    EXPECT_THAT(file.error().message, HasSubstr("/t.json"));
  }
}

class TokenFileOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mailferry-token-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
};

TEST_F(TokenFileOnDisk, IsForItsOwnerOnlyAndStaysALink) {
  const auto path = directory_ + "/token.json";
  ASSERT_TRUE(parsed(kGo).save(path));
  std::filesystem::create_symlink(path, directory_ + "/link.json");
  ::chmod(path.c_str(), 0644);
  auto file = parsed(kGoogleAuth);
  ASSERT_TRUE(file.save(directory_ + "/link.json"));
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ + "/link.json"));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = TokenFile::load(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), file.text());
}

TEST_F(TokenFileOnDisk, IsLockedByOneAtATime) {
  asio::io_context context;
  const auto path = directory_ + "/token.json";
  auto first = std::make_unique<Result<TokenLock>>(test::run_task(context, TokenLock::acquire(context, path)));
  ASSERT_TRUE(*first);
  bool got_second = false;
  const auto take = [](asio::io_context* io, std::string file, bool* got) -> asio::awaitable<void> {
    const auto lock = co_await TokenLock::acquire(*io, file);
    *got = lock.has_value();
  };
  asio::co_spawn(context, take(&context, path, &got_second), [](std::exception_ptr) {});
  test::drain(context);
  EXPECT_FALSE(got_second);
  first.reset();
  context.restart();
  context.run();
  EXPECT_TRUE(got_second);
}

TEST_F(TokenFileOnDisk, CannotBeLockedWhereNothingCanBeWritten) {
  asio::io_context context;
  const auto lock = test::run_task(context, TokenLock::acquire(context, directory_ + "/none/token.json"));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, ErrorKind::local_io);
}

TEST(ClientFile, OfAnInstalledProgramAndOfAWebServer) {
  const auto installed = parse_client_file(
      R"({"installed":{"client_id":"i","client_secret":"s","auth_uri":"https://a/","token_uri":"https://t/","redirect_uris":["http://localhost"]}})",
      "/c.json");
  ASSERT_TRUE(installed);
  EXPECT_EQ(installed->id, "i");
  EXPECT_EQ(installed->secret.reveal(), "s");
  EXPECT_EQ(installed->authorize_url, "https://a/");
  EXPECT_EQ(installed->token_url, "https://t/");
  EXPECT_FALSE(installed->is_web);
  const auto web =
      parse_client_file(R"({"web":{"client_id":"w","redirect_uris":["http://localhost:8080/x","b"]}})", "/c.json");
  ASSERT_TRUE(web);
  EXPECT_TRUE(web->is_web);
  EXPECT_THAT(web->redirect_urls, testing::ElementsAre("http://localhost:8080/x", "b"));
}

TEST(ClientFile, OfAnotherFormIsAnErrorThatRepeatsNothing) {
  for (const auto* text : {"", "{}", R"({"installed":[]})", R"({"installed":{"client_secret":"hunter2"}})",
                           R"({"type":"service_account","private_key":"hunter2"})"}) {
    const auto client = parse_client_file(text, "/c.json");
    ASSERT_FALSE(client) << text;
    EXPECT_EQ(client.error().kind, ErrorKind::usage);
    EXPECT_THAT(client.error().describe() + client.error().remedy, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace mailferry::auth
