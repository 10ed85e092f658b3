// Each test is named after what went wrong in the tools before: collapsing that never collapsed, a parked section that
// was always empty, a report that was lost with its delivery.
#include "report/daily_digest.hpp"

#include "report/digest_text.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace mailferry::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kError = DigestLevel::error;
constexpr auto kWarning = DigestLevel::warning;
constexpr const char* kAlice = "alice@mail.example.org:993";

WallTime at(int minutes) {
  return WallTime(std::chrono::seconds(1'795'240'800) + std::chrono::minutes(minutes));  // 2026-11-21T06:00Z
}

class DailyDigest : public ::testing::Test {
 protected:
  DailyDigest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    status_.accounts.push_back(
        {.account = "bob@archive.example:993", .is_destination = true, .health = Health::waiting});
    status_.accounts.push_back({.account = kAlice, .health = Health::waiting});
  }
  ~DailyDigest() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  [[nodiscard]] Digest digest() const { return make_digest(log_, status_, "bob", at(60)).value(); }

  DigestLog log_{at(0)};
  BridgeStatus status_;
};

TEST_F(DailyDigest, RepeatedErrorsAreOneLineWithACount) {
  for (int attempt = 1; attempt <= 8; ++attempt)
    log_.add(kError, kAlice, fmt::format("connection refused (attempt {}/8), retry in {}.5 s", attempt, attempt * 3),
             at(attempt));

  const auto text = digest().text;

  EXPECT_THAT(text,
              HasSubstr("error (x8): alice@mail.example.org:993: connection refused (attempt 8/8), retry in 24.5 s\n"
                        "      2026-11-21 06:01 to 2026-11-21 06:08\n"));
  EXPECT_THAT(text, HasSubstr("8 in all, of 1 kind."));
}

TEST_F(DailyDigest, AccountsAndLevelsAreToldApart) {
  log_.add(kError, kAlice, "refused", at(1));
  log_.add(kError, "carol@h:993", "refused", at(1));
  log_.add(kWarning, kAlice, "refused", at(1));

  EXPECT_EQ(log_.events().size(), 3U);
}

TEST_F(DailyDigest, ParkedMessagesAreInEveryReportUntilTheyAreResolved) {
  status_.parked.push_back({.account = kAlice,
                            .mailbox = "INBOX",
                            .destination = "Archive",
                            .uid = 42,
                            .reason = "the message is too large",
                            .remedy = "raise the limit",
                            .attempts = 5,
                            .since = at(-600)});
  const auto first = digest().text;
  log_.forget(DigestLog(log_), at(60));
  const auto second = digest().text;

  for (const auto& text : {first, second}) {
    EXPECT_THAT(text, HasSubstr("Parked messages: 1\n"));
    EXPECT_THAT(
        text, HasSubstr("UID 42 in INBOX of alice@mail.example.org:993 to Archive: the message is too large (5 tries, "
                        "since 2026-11-20 20:00)\n      raise the limit\n"));
    EXPECT_THAT(text, HasSubstr("mailferry failures --clear UID"));
  }
}

TEST_F(DailyDigest, CountsAreGivenForEachSource) {
  log_.count_delivered(kAlice, 1'200, 5'000'000);
  log_.count_duplicates(kAlice, 3);
  status_.accounts[1].queued = 7;

  const auto text = digest().text;

  EXPECT_THAT(
      text,
      HasSubstr("1,200 messages delivered (5.0 MB), 3 were there already since 2026-11-21 06:00; no account fails."));
  EXPECT_THAT(
      text,
      HasSubstr("alice@mail.example.org:993: 1,200 messages delivered (5.0 MB), 3 were there already, 7 waiting\n"));
}

TEST_F(DailyDigest, AnAccountThatFailsComesFirstWithItsLastSuccess) {
  log_.count_delivered(kAlice, 5, 5);
  status_.accounts.push_back({.account = "carol@h:993", .health = Health::failing, .last_error = "wrong password"});
  status_.accounts[2].last_success = at(-60);

  const auto text = digest().text;

  EXPECT_LT(text.find("carol@h:993"), text.find("alice@mail"));
  EXPECT_THAT(text, HasSubstr("failing: wrong password; last success 2026-11-21 05:00\n"));
  EXPECT_THAT(text, HasSubstr("1 account fails."));
}

TEST_F(DailyDigest, AQuietDaySaysSo) {
  const auto text = digest().text;

  EXPECT_THAT(text, HasSubstr("Errors and warnings\nNone.\n"));
  EXPECT_THAT(text, HasSubstr("Parked messages: 0\nNone.\n"));
}

TEST_F(DailyDigest, TheQuotaIsForecast) {
  status_.accounts[0].quota = {.up = 400'000'000, .up_limit = 500'000'000, .resumes_at = at(120), .done_at = at(1'440)};

  EXPECT_THAT(digest().text, HasSubstr("bob@archive.example:993: 400.0 MB of 500.0 MB sent in 24 hours\n"
                                       "      held back until 2026-11-21 08:00; what is waiting will be done about "
                                       "2026-11-22 06:00\n"));
}

TEST_F(DailyDigest, IsAWholeMessageWithBothForms) {
  log_.add(kError, kAlice, "<b>& \"quoted\" 'text'</b>\r\nBcc: mallory@example.org", at(1));
  const auto made = digest();

  EXPECT_EQ(made.subject, "[mailferry] Daily report — 2026-11-21");
  EXPECT_THAT(made.message, HasSubstr("\r\nTo: bob@archive.example\r\n"));
  EXPECT_THAT(made.message, HasSubstr("Message-Id: <" + made.message_id + ">\r\n"));
  EXPECT_THAT(made.message, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(made.html, HasSubstr("&lt;b&gt;&amp; &quot;quoted&quot; &#39;text&#39;&lt;/b&gt;"));
  EXPECT_THAT(made.html, Not(HasSubstr("<b>")));
}

TEST_F(DailyDigest, TheSameReportHasTheSameIdentityAndAnotherHasAnother) {
  log_.add(kError, kAlice, "x", at(1));
  const auto first = digest();
  EXPECT_EQ(first.message, digest().message);

  log_.add(kError, kAlice, "y", at(1));
  EXPECT_NE(first.message_id, digest().message_id);
}

TEST_F(DailyDigest, AThousandOfEverythingStaysReadable) {
  for (int i = 0; i < 1'000; ++i) {
    status_.accounts.push_back({.account = fmt::format("user{}@h:993", i), .health = Health::failing});
    status_.parked.push_back({.account = kAlice, .mailbox = "INBOX", .uid = static_cast<std::uint32_t>(i + 1)});
    log_.add(kError, fmt::format("user{}@h:993", i), "refused", at(1));
  }
  const auto made = digest();

  EXPECT_LT(made.message.size(), 400'000U);
  EXPECT_THAT(made.text, HasSubstr("Only 200 of 1000 are shown."));
  EXPECT_THAT(made.text, HasSubstr("800 more kinds or times were not kept."));
}

TEST(DigestLog, IsForgottenOnlyAsFarAsItWasDelivered) {
  DigestLog log(at(0));
  log.add(kError, kAlice, "refused 1", at(1));
  log.add(kWarning, kAlice, "slow", at(1));
  log.count_delivered(kAlice, 10, 100);
  const auto told = log;
  log.add(kError, kAlice, "refused 2", at(2));
  log.add(kError, kAlice, "other", at(3));
  log.count_delivered(kAlice, 1, 7);

  log.forget(told, at(4));

  ASSERT_EQ(log.events().size(), 2U);
  EXPECT_EQ(log.events()[0].count, 1U);
  EXPECT_EQ(log.counts_of(kAlice).delivered, 1U);
  EXPECT_EQ(log.counts_of(kAlice).octets, 7U);
  EXPECT_EQ(log.since(), at(4));
  log.forget(DigestLog(log), at(5));
  EXPECT_TRUE(log.is_empty());
}

TEST(DigestLog, SurvivesARestart) {
  DigestLog log(at(0));
  log.add(kError, "a\"b@h", "Grüße\t\x01 <x>", at(1));
  log.add(kWarning, "", "the clock was put back", at(2));
  log.count_delivered(kAlice, 10, 1ULL << 40);
  log.count_duplicates(kAlice, 2);

  auto read = DigestLog::parse(log.to_text());

  ASSERT_TRUE(read);
  EXPECT_EQ(read->to_text(), log.to_text());
  read->add(kError, "a\"b@h", "Grüße\t\x01 <x>", at(3));
  EXPECT_EQ(read->events().size(), 2U);
  EXPECT_EQ(read->events()[0].count, 2U);
  read->forget(log, at(4));
  EXPECT_EQ(read->events().size(), 1U);
}

TEST(DigestLog, IsBounded) {
  DigestLog log;
  for (int i = 0; i < 5'000; ++i) {
    log.add(kError, fmt::format("user{}@h", i), std::string(10'000, 'x'), at(1));
    log.count_delivered(fmt::format("user{}@h", i), 1, 1);
  }
  log.count_delivered("one@more", 1, 1);

  EXPECT_EQ(log.events().size(), DigestLog::kMostEvents);
  EXPECT_EQ(log.others(), 5'000 - DigestLog::kMostEvents);
  EXPECT_LT(log.to_text().size(), DigestLog::kLongestSaved);
  EXPECT_TRUE(DigestLog::parse(log.to_text()));
}

TEST(DigestLog, DamagedTextsAreErrors) {
  for (const auto* text :
       {"", "[]", "{}", R"({"format":2,"since":"2026-11-21T00:00:00Z","others":0,"events":[],"counts":{}})",
        R"({"format":1,"since":"x","others":0,"events":[],"counts":{}})",
        R"({"format":1,"since":"2026-11-21T00:00:00Z","others":-1,"events":[],"counts":{}})",
        R"({"format":1,"since":"2026-11-21T00:00:00Z","others":0,"events":[7],"counts":{}})",
        R"({"format":1,"since":"2026-11-21T00:00:00Z","others":0,"events":[],"counts":{"a":[1,2]}})"}) {
    const auto read = DigestLog::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::state_corrupt);
  }
}

TEST(DigestLog, TellsWhetherThereIsAnythingToSave) {
  DigestLog log;
  const auto before = log.revision();
  (void)log.to_text();
  EXPECT_EQ(log.revision(), before);
  log.count_delivered(kAlice, 1, 1);
  EXPECT_NE(log.revision(), before);
}

}  // namespace
}  // namespace mailferry::report
