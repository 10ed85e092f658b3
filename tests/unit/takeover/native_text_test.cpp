#include "takeover/native_text.hpp"

#include "takeover/any_config.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mailferry::takeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Every key of imap-bridge has another value than its default.
constexpr const char* kImapBridge = R"({"debug": true,
  "sync": {"max_dest_attempts": 3, "max_msg_attempts": 2, "dedup_cache_ttl_hours": 48, "backoff_base_seconds": 2,
           "backoff_max_seconds": 120, "daily_retry_hour": 5, "max_error_retention_days": 30},
  "destination": {"host": "imap.gmail.com:993", "user": "you@gmail.com", "security": "ssl", "provider": "gmail",
                  "credentials_file": "keys/c.json", "token_file": "tokens/t.json", "report_label": "Bridge/Reports"},
  "sources": [
    {"host": "a:1993", "user": "al\"ice\\", "pass": "s3cret \\ \"q\" ü", "security": "tls", "skip_verify": true,
     "retention_days": 30, "disable_idle": true, "poll_interval": 45, "max_error_retention_days": 9,
     "mappings": [{"from": "INBOX.Entwürfe", "to": ["A", "B"], "labels": ["My \"Label\""]}, {"from": "INBOX", "to": "C"}]},
    {"host": "[::1]:143", "user": "al_ice_", "pass": "s3cret2", "sync_new_only": true, "mappings": []},
    {"host": "b", "user": "al/ice:", "pass": "s3cret3", "security": "ssl", "retention_days": -1, "mappings": []}]})";

constexpr const char* kGmailSync =
    R"({"source_server": "h", "source_user": "u", "source_pass": "s3cret", "target_user": "t@gmail.com",
        "target_token_file": "token.json"})";

/// Of an account all that the readers of other tools set.
void expect_equal(const config::Account& one, const config::Account& other) {
  EXPECT_EQ(one.name, other.name);
  EXPECT_EQ(one.label(), other.label());
  EXPECT_EQ(one.endpoint.security, other.endpoint.security);
  EXPECT_EQ(one.allow_plaintext, other.allow_plaintext);
  EXPECT_EQ(one.trust_first_use, other.trust_first_use);
  EXPECT_EQ(one.oauth.has_value(), other.oauth.has_value());
  if (one.oauth && other.oauth) {
    EXPECT_EQ(one.oauth->provider, other.oauth->provider);
    EXPECT_EQ(one.oauth->client_file, other.oauth->client_file);
    EXPECT_EQ(one.oauth->token_file, other.oauth->token_file);
    return;
  }
  ASSERT_EQ(one.secret.kind, auth::SecretSource::Kind::literal);
  const auto password = auth::read_secret(other.secret, "it");
  ASSERT_TRUE(password) << password.error().describe();
  EXPECT_EQ(password->reveal(), one.secret.literal.reveal());
}

class NativeText : public testing::Test {
 protected:
  config::Config read(const std::string& text) {
    auto any = parse_any_config(text, folder_.file("config.json"));
    EXPECT_TRUE(any) << any.error().describe();
    return any ? std::move(any->config) : config::Config{};
  }
  /// Written and read again it is the same.
  void expect_round_trip(const std::string& text) {
    const auto config = read(text);
    const auto written = write_native(config, output_);
    ASSERT_TRUE(written) << written.error().describe();
    const auto again = config::load_config(output_);
    ASSERT_TRUE(again) << again.error().describe();
    EXPECT_EQ(*again->bridge, *config.bridge) << test::read_file(output_);
    ASSERT_EQ(again->accounts.size(), config.accounts.size());
    for (const auto& account : config.accounts)
      expect_equal(account, *again->find(account.name));
  }

  test::TemporaryDirectory folder_;
  std::string output_ = folder_.file("mailferry.toml");
};

TEST_F(NativeText, OfImapBridgeReadAgainIsTheSame) {
  expect_round_trip(kImapBridge);
}

TEST_F(NativeText, OfImapToGmailSyncReadAgainIsTheSame) {
  expect_round_trip(kGmailSync);
}

TEST_F(NativeText, AnOldStateThatIsThereIsTakenOverThen) {
  test::write_file(folder_.file("sync_state.json"), "{}");
  expect_round_trip(kGmailSync);
  EXPECT_THAT(test::read_file(output_), HasSubstr("take_over = \"" + folder_.file("sync_state.json")));
}

TEST_F(NativeText, PasswordsStandInFilesForTheirOwnerOnly) {
  const auto written = write_native(read(kImapBridge), output_);
  ASSERT_TRUE(written);
  EXPECT_THAT(*written, ElementsAre(folder_.file("al_ice_.password"), folder_.file("al_ice_-2.password"),
                                    folder_.file("al_ice_-3.password"), output_));
  for (const auto& file : *written)
    EXPECT_EQ(test::mode_of(file), 0600U) << file;
  EXPECT_THAT(test::read_file(output_), Not(HasSubstr("s3cret")));
}

TEST_F(NativeText, NothingThatIsThereIsReplaced) {
  test::write_file(output_, "mine");
  EXPECT_EQ(write_native(read(kGmailSync), output_).error().kind, ErrorKind::usage);
  EXPECT_EQ(test::read_file(output_), "mine");

  const auto other = folder_.file("other.toml");
  test::write_file(folder_.file("u.password"), "mine");
  EXPECT_EQ(write_native(read(kGmailSync), other).error().kind, ErrorKind::usage);
  EXPECT_EQ(test::read_file(folder_.file("u.password")), "mine");
  EXPECT_FALSE(std::filesystem::exists(other));
}

TEST_F(NativeText, APasswordOfTwoLinesIsRefused) {
  const auto written = write_native(read(R"({"source_server": "h", "source_user": "u", "source_pass": "a\nb",
      "target_user": "t@gmail.com", "target_token_file": "token.json"})"),
                                    output_);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::usage);
  EXPECT_FALSE(std::filesystem::exists(output_));
}

}  // namespace
}  // namespace mailferry::takeover
