#include "config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mailferry::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kFile = "/etc/mf/mailferry.toml";
// Six lines.
constexpr const char* kAccounts =
    "[account.work]\nhost = \"w\"\nuser = \"u\"\n[account.archive]\nhost = \"a\"\nuser = \"u\"\n";

Bridge read(const std::string& text) {
  auto config = parse_config(kAccounts + text, kFile);
  EXPECT_TRUE(config) << config.error().describe();
  return config && config->bridge ? *config->bridge : Bridge{};
}

std::string problems(const std::string& text) {
  const auto config = parse_config(kAccounts + text, kFile);
  EXPECT_FALSE(config) << text;
  return config ? "" : config.error().message;
}

/// Lines 7 to 10, then `line` as the eleventh.
std::string with_source(const std::string& line) {
  return "[bridge]\nto = \"archive\"\n[[bridge.source]]\naccount = \"work\"\n" + line + "\n";
}

std::string with_key(const std::string& line) {
  return "[bridge]\nto = \"archive\"\n" + line + "\n[[bridge.source]]\naccount = \"work\"\n";
}

BridgeSource source_from(const std::string& line) {
  const auto bridge = read(with_source(line));
  return bridge.sources.empty() ? BridgeSource{} : bridge.sources.front();
}

TEST(BridgeConfig, AFileWithoutItHasNone) {
  const auto config = parse_config(kAccounts, kFile);
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->bridge);
}

TEST(BridgeConfig, TheLeastHasTheDocumentedDefaults) {
  const auto bridge = read(with_source(""));
  Bridge expected{.destination = "archive", .sources = {{.account = "work"}}};
  EXPECT_EQ(bridge, expected);
  EXPECT_EQ(bridge.daily_hour, 7);
  EXPECT_EQ(bridge.destination_attempts, 8);
  EXPECT_EQ(bridge.message_attempts, 5);
  EXPECT_EQ(bridge.backoff_first, 1s);
  EXPECT_EQ(bridge.backoff_most, 60s);
  EXPECT_EQ(bridge.dedup_memory, 24h);
  EXPECT_EQ(bridge.sources.front().poll_interval, 600s);
  EXPECT_EQ(bridge.log.level, log::Level::info);
  EXPECT_EQ(bridge.listen_reach, net::Reach::loopback);
}

TEST(BridgeKey, EachSetsWhatItSays) {
  EXPECT_EQ(read(with_key("state = \"b.db\"")).state_file, "/etc/mf/b.db");
  EXPECT_EQ(read(with_key("take_over = \"data/state.db\"")).take_over, "/etc/mf/data/state.db");
  EXPECT_EQ(read(with_key("mailbox_names = \"server\"")).names, MailboxNames::server);
  EXPECT_EQ(read(with_key("report_mailbox = \"Bridge/Reports\"")).report_mailbox, "Bridge/Reports");
  EXPECT_EQ(read(with_key("daily_hour = 0")).daily_hour, 0);
  EXPECT_EQ(read(with_key("destination_attempts = 3")).destination_attempts, 3);
  EXPECT_EQ(read(with_key("message_attempts = 2")).message_attempts, 2);
  EXPECT_EQ(read(with_key("backoff_first = \"2s\"")).backoff_first, 2s);
  EXPECT_EQ(read(with_key("backoff_most = \"5min\"")).backoff_most, 300s);
  EXPECT_EQ(read(with_key("dedup_memory = \"48h\"")).dedup_memory, 48h);
  EXPECT_EQ(read(with_key("error_retention_days = 30")).error_retention_days, 30);
  EXPECT_EQ(read(with_key("listen = \"[::1]:8080\"")).listen, "[::1]:8080");
  EXPECT_EQ(read(with_key("listen_reach = \"everyone\"")).listen_reach, net::Reach::everyone);
}

TEST(BridgeKey, OfTheLog) {
  using Target = log::Options::Target;
  EXPECT_EQ(read(with_key("log = \"syslog\"")).log.target, Target::syslog);
  EXPECT_EQ(read(with_key("log = \"stdout\"")).log.target, Target::standard_output);
  EXPECT_EQ(read(with_key("log = \"stderr\"")).log.target, Target::standard_error);
  EXPECT_EQ(read(with_key("log = \"bridge.log\"")).log.target, Target::file);
  EXPECT_EQ(read(with_key("log = \"bridge.log\"")).log.file, "/etc/mf/bridge.log");
  EXPECT_EQ(read(with_key("log_level = \"debug\"")).log.level, log::Level::debug);
  EXPECT_EQ(read(with_key("log_format = \"json\"")).log.format, log::Format::json);
  EXPECT_EQ(read(with_key("log_max_size = \"10M\"")).log.most_octets, 10U << 20);
  EXPECT_EQ(read(with_key("log_max_files = 9")).log.most_files, 9U);
}

TEST(BridgeSourceKey, EachSetsWhatItSays) {
  EXPECT_TRUE(source_from("new_only = true").new_only);
  EXPECT_FALSE(source_from("idle = false").idle);
  EXPECT_EQ(source_from("idle_refresh = \"5min\"").idle_refresh, 300s);
  EXPECT_EQ(source_from("poll_interval = \"30s\"").poll_interval, 30s);
  EXPECT_TRUE(source_from("follow_flags = true").follow_flags);
  EXPECT_EQ(source_from("error_retention_days = 0").error_retention_days, 0);
  EXPECT_FALSE(source_from("").error_retention_days);
}

TEST(BridgeSourceKey, SinceIsANumberOfDaysOrAll) {
  EXPECT_EQ(source_from("since = \"7d\"").since_days, 7);
  EXPECT_EQ(source_from("since = 7").since_days, 7);
  EXPECT_EQ(source_from("since = \"all\"").since_days, 0);
  EXPECT_FALSE(source_from("").since_days);
}

TEST(BridgeSourceKey, RetentionDaysMeansWhatTheDocumentsSay) {
  EXPECT_EQ(source_from("retention_days = -1").retention.kind, Retention::Kind::full_history);
  EXPECT_EQ(source_from("retention_days = 0").retention.kind, Retention::Kind::keep);
  EXPECT_EQ(source_from("retention_days = 30").retention, (Retention{.kind = Retention::Kind::prune, .days = 30}));
}

TEST(BridgeMappings, OneDestinationOrSeveralWithOrWithoutLabels) {
  const auto source = source_from(
      "mappings = [{ from = \"INBOX\", to = \"INBOX\" }, { from = \"A/B\", to = [\"C\", \"D\"], labels = [\"My "
      "Label\"] "
      "}]");
  EXPECT_THAT(source.mappings, ElementsAre(BridgeMapping{.from = "INBOX", .to = {"INBOX"}},
                                           BridgeMapping{.from = "A/B", .to = {"C", "D"}, .labels = {"My Label"}}));
}

TEST(BridgeMappings, MayBeTablesOfTheirOwn) {
  const auto source = source_from("[[bridge.source.mappings]]\nfrom = \"INBOX\"\nto = \"X\"");
  EXPECT_THAT(source.mappings, ElementsAre(BridgeMapping{.from = "INBOX", .to = {"X"}}));
}

TEST(BridgeMappings, MayBeMissingSoThatMailboxesAreListed) {
  EXPECT_TRUE(source_from("").mappings.empty());
  EXPECT_TRUE(source_from("mappings = []").mappings.empty());
}

struct BadLine {
  std::string text;
  std::string says;
};

void PrintTo(const BadLine& row, std::ostream* out) {
  *out << row.text;
}

class BadBridge : public testing::TestWithParam<BadLine> {};

TEST_P(BadBridge, IsNamedWithItsPlace) {
  EXPECT_THAT(problems(GetParam().text), HasSubstr("/etc/mf/mailferry.toml:" + GetParam().says));
}

std::string mapping(const std::string& text) {
  return with_source("mappings = [" + text + "]");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadBridge,
    testing::Values(
        BadLine{with_key("deily_hour = 7"), "9:1: unknown key 'deily_hour' in [bridge] (did you mean 'daily_hour'?)"},
        BadLine{with_source("poll_intervall = \"1min\""),
                "11:1: unknown key 'poll_intervall' in [[bridge.source]] (did you mean 'poll_interval'?)"},
        BadLine{mapping("{ from = \"A\", to = \"B\", label = [\"c\"] }"),
                "11:37: unknown key 'label' in mappings (did you mean 'labels'?)"},
        BadLine{with_key("daily_hour = 24"), "9:14: daily_hour must be between 0 and 23"},
        BadLine{with_key("message_attempts = 0"), "9:20: message_attempts must be between 1 and 1000"},
        BadLine{with_key("listen = \"8080\""), "9:10: listen must be an address and a port"},
        BadLine{with_key("listen = \"::1:80\""), "9:10: listen must be"},
        BadLine{with_key("listen = \"localhost:99999\""), "9:10: listen must be"},
        BadLine{with_key("listen_reach = \"all\""), "9:16: listen_reach must be"},
        BadLine{with_key("listen = \"0.0.0.0:8080\""), "7:1: listen: 0.0.0.0:8080 can be reached by others"},
        BadLine{with_key("log_level = \"loud\""), "9:13: log_level must be one of error|warning|info|debug|trace"},
        BadLine{with_key("report_mailbox = \"a//b\""), "7:1: report_mailbox: 'a//b' has a level without a name"},
        BadLine{with_key("backoff_first = \"2min\""), "7:1: backoff_first is longer than backoff_most"},
        BadLine{with_source("since = \"7\""), "11:9: since must be a number of days such as"},
        BadLine{with_source("since = 0"), "11:9: since must be between 1 and 36500"},
        BadLine{with_source("retention_days = -2"), "11:18: retention_days must be between -1 and 36500"},
        BadLine{with_source("idle = \"no\""), "11:8: idle must be true or false"},
        BadLine{with_source("idle_refresh = \"30min\""), "11:16: idle_refresh must be between"},
        BadLine{with_source("mappings = \"INBOX\""), "11:12: mappings must be a list of { from, to, labels }"},
        BadLine{with_source("mappings = [\"INBOX\"]"), "11:13: mappings must be a list of"},
        BadLine{with_source("new_only = true\nsince = 3"), "9:1: new_only and since contradict each other"},
        BadLine{with_source("new_only = true\nretention_days = 9"), "9:1: new_only means nothing with"},
        BadLine{with_source("since = 3\nretention_days = -1"), "9:1: retention_days = -1 takes the whole history"},
        BadLine{mapping("{ to = \"B\" }"), "11:13: from is missing"},
        BadLine{mapping("{ from = \"A\" }"), "11:13: to is missing"},
        BadLine{mapping("{ from = \"A\", to = [] }"), "11:13: to is missing"},
        BadLine{mapping("{ from = \"/A\", to = \"B/\" }"), "11:13: from: '/A' has a level without a name"},
        BadLine{mapping("{ from = \"\\\\Sent\", to = \"B\" }"), "11:13: from: '\\Sent' has a backslash that is not"},
        BadLine{mapping("{ from = \"A\", to = \"B\\\\\" }"), "11:13: to: 'B\\' has a backslash that is not"},
        BadLine{mapping("{ from = \"A\\u0007\", to = \"B\" }"), "11:13: from: 'A?' contains a control character"},
        BadLine{mapping("{ from = \"A\", to = [\"B\", \"B\"] }"), "11:13: 'A' goes to 'B' already"},
        BadLine{mapping("{ from = \"inbox\", to = \"B\" }, { from = \"INBOX\", to = \"B\" }"),
                "11:43: 'INBOX' goes to 'B' already"}));

TEST(BridgeProblem, ItIsNoSection) {
  const auto config = parse_config("bridge = 3\n", kFile);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr(":1:10: 'bridge' must be a section"));
}

TEST(BridgeProblem, WithoutDestinationOrSources) {
  EXPECT_THAT(problems("[bridge]\n"), MatchesRegex(".*:7:1: to is missing: .*\n.*:7:1: there is no source; .*"));
  EXPECT_THAT(problems("[bridge]\nto = \"archive\"\n[bridge.source]\naccount = \"work\"\n"),
              HasSubstr("[[bridge.source]], with two brackets"));
}

TEST(BridgeProblem, AnAccountThatIsNotThereHasTheNearestName) {
  EXPECT_THAT(problems("[bridge]\nto = \"archiv\"\n[[bridge.source]]\naccount = \"wrok\"\n"),
              MatchesRegex(".*:7:1: there is no account 'archiv' .did you mean 'archive'..\n"
                           ".*:9:1: there is no account 'wrok' .did you mean 'work'.."));
}

TEST(BridgeProblem, AnAccountThatHasProblemsOfItsOwnIsNotMissing) {
  const auto text =
      problems("[account.bad]\nhost = \"h\"\n[bridge]\nto = \"bad\"\n[[bridge.source]]\naccount = \"work\"\n");
  EXPECT_THAT(text, HasSubstr("account 'bad': neither url nor user is given"));
  EXPECT_THAT(text, Not(HasSubstr("there is no account")));
}

TEST(BridgeProblem, SourceAndDestinationAreTheSameAccount) {
  EXPECT_THAT(problems("[bridge]\nto = \"work\"\n[[bridge.source]]\naccount = \"work\"\n"),
              HasSubstr(":9:1: 'work' is the account that the mail is brought to, u@w:993"));
  EXPECT_THAT(problems("[account.again]\nurl = \"imap://u@W/\"\n[bridge]\nto = \"work\"\n[[bridge.source]]\n"
                       "account = \"again\"\n"),
              HasSubstr("'again' is the account that the mail is brought to"));
}

TEST(BridgeProblem, AMappingIsThereTwiceUnderTwoNamesOfOneAccount) {
  const std::string first = with_source("mappings = [{ from = \"A\", to = \"B\" }]");
  const std::string second = "[[bridge.source]]\naccount = \"again\"\nmappings = [{ from = \"A\", to = \"B\" }]\n";
  EXPECT_THAT(problems("[account.again]\nurl = \"imap://u@W/\"\n" + first + second),
              HasSubstr("'A' goes to 'B' already"));
  EXPECT_EQ(
      read(first + "[[bridge.source]]\naccount = \"work\"\nmappings = [{ from = \"A\", to = \"C\" }]\n").sources.size(),
      2U);
}

TEST(BridgeProblem, ASourceRemovesWhatAnotherHasStillToCarry) {
  const std::string first = with_source("mappings = [{ from = \"A\", to = \"B\" }]");
  const auto second = [](const std::string& from) {
    return "[[bridge.source]]\naccount = \"work\"\nretention_days = 30\nmappings = [{ from = \"" + from +
           "\", to = \"C\" }]\n";
  };
  EXPECT_THAT(problems(first + second("A")),
              HasSubstr("'A' is carried by another source too, and one of them removes"));
  EXPECT_EQ(read(first + second("Z")).sources.size(), 2U);
}

TEST(BridgeProblem, SourcesOfOneMailboxBeginDifferently) {
  const std::string first = with_source("new_only = true\nmappings = [{ from = \"A\", to = \"B\" }]");
  const auto second = [](const std::string& beginning) {
    return "[[bridge.source]]\naccount = \"work\"\n" + beginning + "\nmappings = [{ from = \"A\", to = \"C\" }]\n";
  };
  for (const auto* beginning : {"", "since = \"3d\"", "retention_days = -1"})
    EXPECT_THAT(problems(first + second(beginning)), HasSubstr("they begin differently (new_only, since)"));
  EXPECT_EQ(read(first + second("new_only = true")).sources.size(), 2U);
}

TEST(BridgeProblem, NamesOfTheServerAreNotPaths) {
  const auto bridge =
      read(with_key("mailbox_names = \"server\"") + "mappings = [{ from = \"A//B\", to = \"INBOX.B\" }]\n");
  EXPECT_EQ(bridge.sources.front().mappings.front().from, "A//B");
}

TEST(BridgeProblem, AllAreReportedAtOnce) {
  const auto text = problems("[bridge]\ndaily_hour = 25\n[[bridge.source]]\nidle = 1\nmappings = [{ too = \"x\" }]\n");
  EXPECT_THAT(text, MatchesRegex(".*:8:14: .*\n.*:10:8: .*\n.*:11:15: .*"));
}

}  // namespace
}  // namespace mailferry::config
