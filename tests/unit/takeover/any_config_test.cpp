#include "takeover/any_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mailferry::takeover {
namespace {

using namespace std::chrono_literals;
using config::BridgeMapping;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kFile = "/data/config.json";
constexpr const char* kGmailSync = R"({
  "source_server": "imap.sourceserver.com",
  "source_user": "user@sourceserver.com",
  "source_pass": "s3cret",
  "target_user": "your-email@gmail.com",
  "target_token_file": "token.json"
})";

std::string problems(const std::string& text) {
  const auto any = parse_any_config(text, kFile);
  EXPECT_FALSE(any) << text;
  if (any) return "";
  EXPECT_EQ(any.error().kind, ErrorKind::usage);
  EXPECT_THAT(any.error().message, Not(HasSubstr("s3cret")));
  return any.error().message;
}

TEST(AnyConfig, TomlIsTheNativeForm) {
  for (const auto* text : {"", "# {\n", "\n[copy]\nconnections = 3\n"}) {
    const auto any = parse_any_config(text, "mailferry.toml");
    ASSERT_TRUE(any) << text;
    EXPECT_EQ(any->form, ConfigForm::native);
  }
  EXPECT_THAT(problems("[copy]\nconections = 3\n"), HasSubstr(":2:1: unknown key"));
}

TEST(AnyConfig, TheFiveFieldsOfImapToGmailSyncAreABridge) {
  const auto any = parse_any_config(kGmailSync, kFile);
  ASSERT_TRUE(any) << any.error().describe();
  EXPECT_EQ(any->form, ConfigForm::gmail_sync);
  const auto& bridge = *any->config.bridge;
  const auto* to = any->config.find(bridge.destination);
  ASSERT_TRUE(to != nullptr && to->oauth);
  EXPECT_EQ(to->label(), "your-email@gmail.com@imap.gmail.com:993");
  EXPECT_EQ(to->oauth->provider, auth::OAuthProvider::google);
  EXPECT_EQ(to->oauth->token_file, "/data/token.json");
  EXPECT_EQ(to->oauth->client_file, "");
  const auto& source = bridge.sources.front();
  const auto* from = any->config.find(source.account);
  ASSERT_NE(from, nullptr);
  EXPECT_EQ(from->label(), "user@sourceserver.com@imap.sourceserver.com:993");
  EXPECT_EQ(from->endpoint.security, net::Security::tls);
  EXPECT_TRUE(from->endpoint.tls.verify);  // the tool did not (defect G12)
  EXPECT_FALSE(from->trust_first_use);
  EXPECT_EQ(from->secret.literal.reveal(), "s3cret");
  EXPECT_THAT(source.mappings, ElementsAre(BridgeMapping{.from = "INBOX", .to = {"INBOX"}}));
  EXPECT_EQ(source.since_days, 7);
  EXPECT_EQ(source.poll_interval, 60s);
  EXPECT_EQ(bridge.log.target, log::Options::Target::standard_output);
  EXPECT_EQ(bridge.state_file, "/data/sync_state.mailferry.db");
  EXPECT_THAT(any->config.warnings, IsEmpty());
}

TEST(AnyConfig, AnotherTargetServerMayBeNamed) {
  std::string text = kGmailSync;
  text.insert(1, "\"target_server\": \"127.0.0.1:1993\",");
  const auto any = parse_any_config(text, kFile);
  ASSERT_TRUE(any);
  EXPECT_EQ(any->config.find("your-email@gmail.com")->endpoint.host, "127.0.0.1");
  EXPECT_EQ(any->config.find("your-email@gmail.com")->endpoint.port, 1993);
}

TEST(AnyConfig, MissingFieldsOfImapToGmailSyncAreNamedTogether) {
  EXPECT_THAT(problems(R"({"source_server": "h", "source_pass": "s3cret"})"),
              HasSubstr("Missing required fields in configuration: source_user, target_user, target_token_file"));
  EXPECT_THAT(problems(R"({"source_server": "h", "source_user": "", "source_pass": "s3cret", "target_user": "t",
                           "target_token_file": "f"})"),
              HasSubstr("a server or user is empty"));
}

TEST(AnyConfig, OtherJsonIsNamedAsSuch) {
  EXPECT_THAT(problems(R"({"a": 1})"), HasSubstr("no configuration of imap-bridge"));
}

struct Broken {
  std::string text;
  std::string place;
};

void PrintTo(const Broken& row, std::ostream* out) {
  *out << row.text;
}

class BrokenJson : public testing::TestWithParam<Broken> {};

TEST_P(BrokenJson, HasItsPlace) {
  EXPECT_THAT(problems(GetParam().text), HasSubstr("/data/config.json:" + GetParam().place + ": this is not JSON"));
}

INSTANTIATE_TEST_SUITE_P(Table, BrokenJson,
                         testing::Values(Broken{"{", "1:2"}, Broken{"{\"sources\": [}\n", "1:14"},
                                         Broken{"{\n  \"sources\": s3cret\n}", "2:14"}, Broken{"{} x", "1:4"},
                                         Broken{"{\"a\": \"\\ud800\"}", "1:14"},
                                         Broken{"{\"sources\": " + std::string(1000, '['), "1:44"}));

TEST(AnyConfig, AByteOrderMarkIsNoPartOfTheText) {
  EXPECT_TRUE(parse_any_config("\xEF\xBB\xBF \n" + std::string(kGmailSync), kFile));
}

TEST(AnyConfig, AFileThatIsNotThereIsAUsageError) {
  const auto any = load_any_config("/nonexistent/config.json");
  ASSERT_FALSE(any);
  EXPECT_EQ(any.error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace mailferry::takeover
