#include "report/status_json.hpp"

#include "report/failure_selection.hpp"
#include "report/metrics.hpp"
#include "report/verdict.hpp"
#include "report/wall_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace mailferry::report {
namespace {

using testing::HasSubstr;
using testing::Not;

WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

AccountStatus full_account() {
  return {.account = "a\"b\\@h:993",
          .is_destination = true,
          .health = Health::waiting,
          .watching = "IDLE",
          .last_error = "no\nroute",
          .last_error_at = at(1'000'000'000),
          .last_success = at(1'000'000'001),
          .last_delivery = at(1'000'000'002),
          .delivered = 1,
          .delivered_octets = 1ULL << 40,
          .duplicates = 3,
          .queued = 4,
          .reconnects = 5,
          .connections = 6,
          .quota = {.down = 7, .up = 8, .down_limit = 9, .up_limit = 10, .resumes_at = at(11), .done_at = at(12)}};
}

BridgeStatus full_status() {
  return {.version = "0.1",
          .started = at(1'763'700'000),
          .accounts = {full_account(), {.account = "b@h:143"}},
          .parked = {{.account = "b@h:143",
                      .mailbox = "INBOX/ä",
                      .destination = "Archive",
                      .uid = 4'294'967'295U,
                      .reason = "r",
                      .remedy = "m",
                      .attempts = 5,
                      .since = at(1'763'700'001)}},
          .journal_commits = 13,
          .journal_octets = 14,
          .next_report = at(1'763'800'000)};
}

TEST(StatusJson, WrittenAndReadAgainIsTheSame) {
  const auto json = to_json(full_status(), at(0));
  const auto read = parse_status(json);

  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read, at(0)), json);
  EXPECT_EQ(read->accounts[0].delivered_octets, 1ULL << 40);
  EXPECT_EQ(read->parked[0].uid, 4'294'967'295U);
}

TEST(StatusJson, TextThatIsNoUtf8IsStillJson) {
  BridgeStatus status = full_status();
  status.accounts[0].last_error = "caf\xe9";

  EXPECT_TRUE(parse_status(to_json(status, at(0))));
}

TEST(StatusJson, WhatIsMissingKeepsItsDefaultAndWhatIsNewIsPassedOver) {
  const auto read = parse_status(R"({"accounts":[{"account":"x","health":"odd","queued":-1,"later":true},7],"new":1})");

  ASSERT_TRUE(read);
  ASSERT_EQ(read->accounts.size(), 1U);
  EXPECT_EQ(read->accounts[0].health, Health::starting);
  EXPECT_EQ(read->accounts[0].queued, 0U);
  EXPECT_FALSE(read->accounts[0].last_success);
}

TEST(StatusJson, OtherTextsAreErrors) {
  for (const auto* text : {"", "[]", "{}", "{\"accounts\":", "<html>"})
    EXPECT_FALSE(parse_status(text)) << text;
}

TEST(WallText, UtcThereAndBack) {
  EXPECT_EQ(to_utc_text(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_utc_text(at(1'709'209'845)), "2024-02-29T12:30:45Z");
  EXPECT_EQ(parse_utc_text("2024-02-29T12:30:45Z"), at(1'709'209'845));
  for (const auto* text : {"", "2023-02-29T12:30:45Z", "2024-02-29 12:30:45Z", "2024-02-29T24:00:00Z",
                           "2024-13-01T00:00:00Z", "2024-02-29T12:30:45+00:00"})
    EXPECT_FALSE(parse_utc_text(text)) << text;
}

BridgeStatus status_of(std::initializer_list<std::pair<bool, Health>> accounts) {
  BridgeStatus status;
  for (const auto& [is_destination, health] : accounts)
    status.accounts.push_back({.account = "x", .is_destination = is_destination, .health = health});
  return status;
}

TEST(Verdict, OneSourceThatFailsIsNoReasonToGiveUp) {
  using enum Health;
  const std::vector<std::pair<BridgeStatus, Verdict>> rows{
      {status_of({}), Verdict::starting},
      {status_of({{true, starting}, {false, starting}}), Verdict::starting},
      {status_of({{true, waiting}, {false, starting}}), Verdict::starting},
      {status_of({{true, waiting}, {false, working}}), Verdict::healthy},
      {status_of({{true, waiting}, {false, working}, {false, failing}}), Verdict::degraded},
      {status_of({{true, waiting}, {false, failing}, {false, failing}}), Verdict::failing},
      {status_of({{true, waiting}, {false, degraded}}), Verdict::degraded},
      {status_of({{true, waiting}, {false, degraded}, {false, failing}}), Verdict::degraded},
      {status_of({{true, failing}, {false, working}}), Verdict::failing},
      {status_of({{true, failing}, {false, starting}}), Verdict::failing},
      {status_of({{true, waiting}}), Verdict::healthy},
  };

  for (const auto& [status, verdict] : rows)
    EXPECT_EQ(judge(status).verdict, verdict) << to_json(status, at(0));
}

TEST(Verdict, EachFailureIsAReason) {
  auto status = status_of({{true, Health::waiting}, {false, Health::failing}});
  status.accounts[1].last_error = "wrong password";

  EXPECT_THAT(judge(status).reasons, testing::ElementsAre("source x: wrong password"));
}

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  const auto text = to_metrics(full_status());

  EXPECT_THAT(text, HasSubstr("# TYPE mailferry_delivered_messages_total counter\n"));
  EXPECT_THAT(text, HasSubstr("mailferry_build_info{version=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("mailferry_queued_messages{account=\"a\\\"b\\\\@h:993\",role=\"destination\"} 4\n"));
  EXPECT_THAT(
      text,
      HasSubstr("mailferry_quota_used_bytes{account=\"a\\\"b\\\\@h:993\",role=\"destination\",direction=\"up\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("mailferry_parked_messages{account=\"b@h:143\",role=\"source\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("health=\"waiting\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("no\nroute")));
}

TEST(Metrics, WhatNeverHappenedHasNoTime) {
  BridgeStatus status;
  status.accounts.push_back({.account = "x"});

  EXPECT_THAT(to_metrics(status), Not(HasSubstr("last_success")));
}

TEST(Metrics, ManualHasTheTable) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../../docs/manual/status.md";
  std::ifstream stream(file);
  const std::string manual{std::istreambuf_iterator<char>(stream), {}};

  EXPECT_NE(manual.find(metrics_markdown()), std::string::npos) << metrics_markdown();
}

TEST(FailureSelection, IsReadFromTheCommandLine) {
  EXPECT_TRUE(read_failure_selection("all")->all);
  EXPECT_EQ(read_failure_selection("42")->uid, 42U);
  for (const auto* text : {"", "0", "-1", "4294967296", "42x", "ALL"})
    EXPECT_FALSE(read_failure_selection(text)) << text;
}

TEST(FailureSelection, AllMayBeNarrowed) {
  const std::vector<ParkedStatus> parked{{.account = "a", .mailbox = "M", .uid = 1},
                                         {.account = "b", .mailbox = "M", .uid = 2}};

  EXPECT_EQ(select(parked, {.all = true})->size(), 2U);
  EXPECT_EQ(select(parked, {.all = true, .account = "b"})->at(0).uid, 2U);
  EXPECT_EQ(select(parked, {.all = true, .account = "c"}).error().kind, ErrorKind::message_missing);
  EXPECT_EQ(select({}, {.all = true}).error().kind, ErrorKind::message_missing);
}

TEST(FailureSelection, OneMessageForSeveralDestinationsIsOneMessage) {
  const std::vector<ParkedStatus> parked{{.account = "a", .mailbox = "M", .destination = "X", .uid = 1},
                                         {.account = "a", .mailbox = "M", .destination = "Y", .uid = 1}};

  EXPECT_EQ(select(parked, {.uid = 1})->size(), 2U);
}

TEST(FailureSelection, ThereAndBackAsJson) {
  const auto read = parse_failure_selection(to_json(FailureSelection{.uid = 7, .account = "a\"", .mailbox = "ä"}));

  ASSERT_TRUE(read);
  EXPECT_EQ(read->uid, 7U);
  EXPECT_EQ(read->account, "a\"");
  EXPECT_EQ(read->mailbox, "ä");
  EXPECT_FALSE(read->all);
}

}  // namespace
}  // namespace mailferry::report
