#include "takeover/any_config.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mailferry::takeover {
namespace {

using namespace std::chrono_literals;
using config::BridgeMapping;
using config::Retention;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kFile = "/opt/imap-bridge/config.json";
constexpr const char* kDestination =
    R"("destination": {"host": "imap.destination.com:993", "user": "collector@domain.com", "pass": "app-password",
       "security": "ssl", "report_label": "Bridge/Reports", "skip_verify": false})";
constexpr const char* kSource =
    R"({"host": "imap.source.com:993", "user": "user@source.com", "pass": "s3cret", "security": "ssl",
        "retention_days": 0, "mappings": [{"from": "INBOX", "to": ["INBOX"]}]})";

config::Config read(const std::string& text) {
  auto any = parse_any_config(text, kFile);
  EXPECT_TRUE(any) << any.error().describe();
  if (!any) return {};
  EXPECT_EQ(any->form, ConfigForm::imap_bridge);
  return std::move(any->config);
}

std::string problems(const std::string& text) {
  const auto any = parse_any_config(text, kFile);
  EXPECT_FALSE(any) << text;
  if (any) return "";
  EXPECT_EQ(any.error().kind, ErrorKind::usage);
  EXPECT_THAT(any.error().message, Not(HasSubstr("s3cret")));
  return any.error().message;
}

std::string with_sync(const std::string& sync) {
  return fmt::format(R"({{"sync": {{{}}}, {}, "sources": [{}]}})", sync, kDestination, kSource);
}

/// The documented source with more keys.
config::Config with_source(const std::string& keys) {
  return read(fmt::format(R"({{{}, "sources": [{{"host": "imap.source.com:993", "user": "u", "pass": "s3cret",
      "security": "ssl", {}}}]}})",
                          kDestination, keys));
}

config::BridgeSource source_from(const std::string& keys) {
  const auto config = with_source(keys);
  return config.bridge && !config.bridge->sources.empty() ? config.bridge->sources.front() : config::BridgeSource{};
}

TEST(ImapBridgeConfig, TheDocumentedExampleIsReadAsItIs) {
  const auto config = read(fmt::format(R"({{{}, "sources": [{}]}})", kDestination, kSource));
  ASSERT_EQ(config.accounts.size(), 2U);
  const auto& bridge = *config.bridge;
  const auto* to = config.find(bridge.destination);
  ASSERT_NE(to, nullptr);
  EXPECT_EQ(to->label(), "collector@domain.com@imap.destination.com:993");
  EXPECT_EQ(to->secret.kind, auth::SecretSource::Kind::literal);
  EXPECT_EQ(to->secret.literal.reveal(), "app-password");
  EXPECT_EQ(to->endpoint.security, net::Security::tls);
  EXPECT_TRUE(to->endpoint.tls.verify);
  EXPECT_EQ(bridge.report_mailbox, "Bridge/Reports");
  EXPECT_EQ(bridge.names, config::MailboxNames::server);
  ASSERT_EQ(bridge.sources.size(), 1U);
  EXPECT_EQ(bridge.sources.front().account, "user@source.com");
  EXPECT_THAT(bridge.sources.front().mappings, ElementsAre(BridgeMapping{.from = "INBOX", .to = {"INBOX"}}));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ImapBridgeConfig, WithoutSyncTheDefaultsAreTheDocumentedOnes) {
  const auto bridge = *with_source("\"mappings\": []").bridge;
  EXPECT_EQ(bridge.destination_attempts, 8);
  EXPECT_EQ(bridge.message_attempts, 5);
  EXPECT_EQ(bridge.dedup_memory, 24h);
  EXPECT_EQ(bridge.backoff_first, 1s);
  EXPECT_EQ(bridge.backoff_most, 60s);
  EXPECT_EQ(bridge.daily_hour, 7);  // not midnight, as it was (defect V6)
  EXPECT_EQ(bridge.error_retention_days, 0);
  EXPECT_EQ(bridge.log.level, log::Level::info);
  EXPECT_EQ(bridge.sources.front().poll_interval, 600s);
  EXPECT_TRUE(bridge.sources.front().idle);
}

TEST(ImapBridgeConfig, EachKeyOfSyncIsUsed) {
  const auto bridge = *read(with_sync(R"("max_dest_attempts": 3, "max_msg_attempts": 2, "dedup_cache_ttl_hours": 48,
      "backoff_base_seconds": 2, "backoff_max_seconds": 120, "daily_retry_hour": 5, "max_error_retention_days": 30)"))
                           .bridge;
  EXPECT_EQ(bridge.destination_attempts, 3);
  EXPECT_EQ(bridge.message_attempts, 2);
  EXPECT_EQ(bridge.dedup_memory, 48h);
  EXPECT_EQ(bridge.backoff_first, 2s);
  EXPECT_EQ(bridge.backoff_most, 120s);
  EXPECT_EQ(bridge.daily_hour, 5);
  EXPECT_EQ(bridge.error_retention_days, 30);
}

TEST(ImapBridgeConfig, NumbersOfSyncBelowOneMeanTheDefaultAndMidnightIsAnHour) {
  const auto bridge =
      *read(with_sync(R"("max_dest_attempts": 0, "max_msg_attempts": -1, "daily_retry_hour": 0)")).bridge;
  EXPECT_EQ(bridge.destination_attempts, 8);
  EXPECT_EQ(bridge.message_attempts, 5);
  EXPECT_EQ(bridge.daily_hour, 0);
  const auto config = read(with_sync(R"("daily_retry_hour": 24, "max_msg_attempts": 100000)"));
  EXPECT_EQ(config.bridge->daily_hour, 7);
  EXPECT_EQ(config.bridge->message_attempts, 1000);
  EXPECT_EQ(config.warnings.size(), 2U);
}

TEST(ImapBridgeConfig, EachKeyOfASourceIsUsed) {
  EXPECT_FALSE(source_from("\"disable_idle\": true").idle);
  EXPECT_EQ(source_from("\"poll_interval\": 30").poll_interval, 30s);
  EXPECT_TRUE(source_from("\"sync_new_only\": true").new_only);
  EXPECT_EQ(source_from("\"max_error_retention_days\": 9").error_retention_days, 9);
  EXPECT_EQ(source_from("\"max_error_retention_days\": 0").error_retention_days, 0);
  EXPECT_FALSE(source_from("\"mappings\": []").error_retention_days);
  EXPECT_EQ(source_from("\"retention_days\": -1").retention.kind, Retention::Kind::full_history);
  EXPECT_EQ(source_from("\"retention_days\": 0").retention.kind, Retention::Kind::keep);
  EXPECT_EQ(source_from("\"retention_days\": 30").retention, (Retention{.kind = Retention::Kind::prune, .days = 30}));
}

TEST(ImapBridgeConfig, TheFirstRunTakesEverythingUnlessToldOtherwise) {
  EXPECT_EQ(source_from("\"retention_days\": 0").since_days, 0);
  EXPECT_FALSE(source_from("\"sync_new_only\": true").since_days);
  const auto config = with_source(R"("sync_new_only": true, "retention_days": 30)");
  EXPECT_FALSE(config.bridge->sources.front().new_only);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("sync_new_only means nothing with retention_days")));
}

TEST(ImapBridgeConfig, DebugIsALevelOfTheLog) {
  const auto config = read(fmt::format(R"({{"debug": true, {}, "sources": [{}]}})", kDestination, kSource));
  EXPECT_EQ(config.bridge->log.level, log::Level::debug);
}

TEST(ImapBridgeConfig, ToIsATextOrAList) {
  const auto source = source_from(
      R"("mappings": [{"from": "A", "to": "B"}, {"from": "INBOX.Work", "to": ["C", "D"], "labels": ["x y", "ü"]}])");
  EXPECT_THAT(source.mappings,
              ElementsAre(BridgeMapping{.from = "A", .to = {"B"}},
                          BridgeMapping{.from = "INBOX.Work", .to = {"C", "D"}, .labels = {"x y", "ü"}}));
}

// The second one got nothing there (defect L9); the same pair twice would be one delivery too many.
TEST(ImapBridgeConfig, TwoMappingsOfOneMailboxAreTwoAndEqualOnesAreOne) {
  const auto config = with_source(
      R"("mappings": [{"from": "A", "to": "B"}, {"from": "A", "to": ["C", "B", "C"]}, {"from": "A", "to": "C"}])");
  EXPECT_THAT(config.bridge->sources.front().mappings,
              ElementsAre(BridgeMapping{.from = "A", .to = {"B"}}, BridgeMapping{.from = "A", .to = {"C"}}));
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("mappings[1]: 'A' goes to 'B' already"), HasSubstr("mappings[1]"),
                                           HasSubstr("mappings[2]")));
}

// The second one was left without mappings, and the bridge listed mailboxes and ended.
TEST(ImapBridgeConfig, ASourceThatStandsThereTwiceIsOne) {
  const auto config = read(fmt::format(R"({{{}, "sources": [{{"host": "h:1", "user": "u", "pass": "p",
      "mappings": [{{"from": "A", "to": "B"}}]}}, {{"host": "H:1", "user": "u", "pass": "other", "retention_days": 3,
      "mappings": [{{"from": "A", "to": ["B"]}}]}}]}})",
                                       kDestination));
  ASSERT_EQ(config.bridge->sources.size(), 1U);
  EXPECT_THAT(config.bridge->sources.front().mappings, ElementsAre(BridgeMapping{.from = "A", .to = {"B"}}));
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("'A' goes to 'B' already"), HasSubstr("by a source before it")));
}

TEST(ImapBridgeConfig, InboxIsOneMailboxInAnyCase) {
  const auto config = with_source(R"("mappings": [{"from": "INBOX", "to": ["inbox", "INBOX"]},
                                                  {"from": "Inbox", "to": ["INBOX"]}])");
  EXPECT_THAT(config.bridge->sources.front().mappings, ElementsAre(BridgeMapping{.from = "INBOX", .to = {"inbox"}}));
  EXPECT_EQ(config.warnings.size(), 2U);
}

TEST(ImapBridgeConfig, SecurityIsSslTlsOrNothing) {
  const auto account = [](const std::string& keys) {
    const auto config =
        read(fmt::format(R"({{{}, "sources": [{{"host": "h:1143", "user": "u", "pass": "p", {} "mappings": []}}]}})",
                         kDestination, keys));
    return *config.find("u");
  };
  EXPECT_EQ(account(R"("security": "ssl",)").endpoint.security, net::Security::tls);
  EXPECT_EQ(account(R"("security": "tls",)").endpoint.security, net::Security::starttls);
  EXPECT_FALSE(account(R"("security": "tls",)").allow_plaintext);
  EXPECT_EQ(account("").endpoint.security, net::Security::plaintext);
  EXPECT_TRUE(account("").allow_plaintext);
  EXPECT_EQ(account("").endpoint.port, 1143);
}

TEST(ImapBridgeConfig, GmailSignsInWithOAuthAndFilesBesideTheConfiguration) {
  const auto config = read(R"({"destination": {"host": "imap.gmail.com:993", "user": "you@gmail.com", "security": "ssl",
      "provider": "gmail", "credentials_file": "keys/client_secret_you.json", "token_file": "/t/token_you.json"},
      "sources": [)" + std::string(kSource) +
                           "]}");
  const auto* to = config.find("you@gmail.com");
  ASSERT_TRUE(to != nullptr && to->oauth);
  EXPECT_EQ(to->oauth->provider, auth::OAuthProvider::google);
  EXPECT_EQ(to->oauth->client_file, "/opt/imap-bridge/keys/client_secret_you.json");
  EXPECT_EQ(to->oauth->token_file, "/t/token_you.json");
  EXPECT_EQ(to->secret.kind, auth::SecretSource::Kind::none);
}

TEST(ImapBridgeConfig, SkipVerifyTrustsOneCertificateOnlyAndSaysSo) {
  const auto config = with_source(R"("skip_verify": true, "mappings": [])");
  const auto* account = config.find("u");
  ASSERT_NE(account, nullptr);
  EXPECT_TRUE(account->trust_first_use);
  EXPECT_TRUE(account->endpoint.tls.verify);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("skip_verify: the first certificate")));
  EXPECT_FALSE(config.find("collector@domain.com")->trust_first_use);
}

TEST(ImapBridgeConfig, UnknownKeysAreWarningsWithTheNearestName) {
  const auto config = read(fmt::format(R"({{"Debug": true, "syncc": 1, {}, "sources": [{}]}})", kDestination, kSource));
  EXPECT_EQ(config.bridge->log.level, log::Level::debug);
  EXPECT_THAT(config.warnings, ElementsAre("syncc means nothing (did you mean 'sync'?)"));
  EXPECT_THAT(with_source(R"("polling": 3, "mappings": [])").warnings, ElementsAre(HasSubstr("sources[0].polling")));
}

TEST(ImapBridgeConfig, OursStandsBesideTheOldState) {
  const auto config = with_source("\"mappings\": []");
  EXPECT_EQ(config.bridge->state_file, "/opt/imap-bridge/data/state.mailferry.db");
  EXPECT_EQ(config.bridge->take_over, "");  // there is none
}

TEST(ImapBridgeConfig, EqualLoginsOnTwoHostsAreTwoAccounts) {
  const auto config = read(fmt::format(
      R"({{{}, "sources": [{{"host": "a:993", "user": "u", "pass": "p", "security": "ssl", "mappings": []}},
          {{"host": "b:993", "user": "u", "pass": "p", "security": "ssl", "mappings": []}},
          {{"host": "A:993", "user": "u", "pass": "p", "security": "ssl", "mappings": []}}]}})",
      kDestination));
  EXPECT_EQ(config.bridge->sources[0].account, "u");
  EXPECT_EQ(config.bridge->sources[1].account, "u-2");
  EXPECT_EQ(config.bridge->sources[2].account, "u");
}

TEST(ImapBridgeProblem, AllAreGatheredInTheWordsOfTheTool) {
  const auto text = "\n" + problems(R"({"destination": {"security": "ssl3"}, "sources": [{"pass": "s3cret"},
      {"user": "u", "provider": "gmail", "mappings": [{}]}]})");
  for (const auto* line :
       {"destination.host is required", "destination.user is required",
        "destination.pass is required for non-Gmail destinations",
        "destination.security \"ssl3\" is invalid — use ssl, tls, or omit for plain", "sources[0] (): host is required",
        "sources[0]: user is required", "sources[1] (u): host is required",
        "sources[1] (u): credentials_file is required when provider=gmail",
        "sources[1] (u): token_file is required when provider=gmail", "sources[1] (u): mappings[0].from is required",
        "sources[1] (u): mappings[0].to must have at least one destination"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n/opt/imap-bridge/config.json: ") + line)) << line;
  }
}

TEST(ImapBridgeProblem, OfWhatIsMissingAtTheTop) {
  EXPECT_THAT(problems(R"({"sources": []})"),
              AllOf(HasSubstr("destination.host is required"), HasSubstr("at least one source is required")));
  EXPECT_THAT(problems(R"({"destination": {}})"), HasSubstr("at least one source is required"));
}

TEST(ImapBridgeProblem, AValueOfTheWrongTypeIsNotRepeated) {
  const auto text = problems(fmt::format(
      R"({{{}, "sources": [{{"host": "h", "user": "u", "pass": ["s3cret"], "retention_days": "x", "disable_idle": 1,
          "mappings": [{{"from": "A", "to": {{}}}}]}}]}})",
      kDestination));
  EXPECT_THAT(text, AllOf(HasSubstr("sources[0].pass must be a text"),
                          HasSubstr("sources[0].retention_days must be a whole number"),
                          HasSubstr("sources[0].disable_idle must be true or false"),
                          HasSubstr("mappings[0].to must be a text or a list of texts")));
}

TEST(ImapBridgeProblem, AHostThatIsNone) {
  for (const auto* host : {"h:0", "h:65536", "h:x", "[::1", "a b:993", "::1", ":993"}) {
    EXPECT_THAT(
        problems(fmt::format(R"({{{}, "sources": [{{"host": "{}", "user": "u", "pass": "p", "mappings": []}}]}})",
                             kDestination, host)),
        HasSubstr("sources[0] (u): host is not HOST:PORT"))
        << host;
  }
}

TEST(ImapBridgeProblem, SourceAndDestinationAreTheSameAccount) {
  EXPECT_THAT(problems(fmt::format(R"({{{}, "sources": [{{"host": "imap.destination.com:993",
      "user": "collector@domain.com", "pass": "x", "security": "ssl", "mappings": []}}]}})",
                                   kDestination)),
              HasSubstr("sources[0] (collector@domain.com): 'collector@domain.com-2' is the account that the mail is "
                        "brought to"));
}

}  // namespace
}  // namespace mailferry::takeover
