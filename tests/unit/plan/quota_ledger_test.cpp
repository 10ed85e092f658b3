#include "plan/quota_ledger.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mailferry::plan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Cause = ServerPause::Cause;

constexpr auto kUp = Direction::up;
constexpr auto kDown = Direction::down;
constexpr std::uint64_t kMB = 1'000'000;

QuotaTime at(hours time) {
  return QuotaTime(hours(490'000) + time);
}

QuotaLedger gmail() {
  return QuotaLedger(*quota_preset("gmail"));
}

TEST(QuotaLedger, PresetsHaveTheKnownLimits) {
  EXPECT_EQ(quota_preset("gmail"), (QuotaLimits{.down = 2'500 * kMB, .up = 500 * kMB, .connections = 15}));
  EXPECT_EQ(quota_preset("none"), QuotaLimits{});
  EXPECT_FALSE(quota_preset("gmial"));
}

TEST(QuotaLedger, WithoutALimitNothingWaits) {
  QuotaLedger ledger;
  ledger.record(kUp, 100'000 * kMB, at(hours(0)));

  EXPECT_EQ(ledger.delay(kUp, 100'000 * kMB, at(hours(0))), milliseconds(0));
}

TEST(QuotaLedger, NothingWaitsBelowHalfOfTheLimit) {
  auto ledger = gmail();
  ledger.record(kUp, 200 * kMB, at(hours(0)));

  EXPECT_EQ(ledger.delay(kUp, 50 * kMB, at(hours(0))), milliseconds(0));
  EXPECT_GT(ledger.delay(kUp, 51 * kMB, at(hours(0))), milliseconds(0));
}

TEST(QuotaLedger, PausesGrowWithWhatIsUsed) {
  milliseconds before{0};
  for (const std::uint64_t used : {260U, 300U, 350U, 400U, 450U, 490U}) {
    auto ledger = gmail();
    ledger.record(kUp, used * kMB, at(hours(0)));
    const auto pause = ledger.delay(kUp, kMB, at(hours(0))).value();
    EXPECT_GT(pause, before) << used;
    before = pause;
  }
  EXPECT_GT(before, minutes(9));
}

TEST(QuotaLedger, TheSlowingDownBeginsGently) {
  auto ledger = gmail();
  ledger.record(kUp, 255 * kMB, at(hours(0)));

  EXPECT_LT(ledger.delay(kUp, 100'000, at(hours(0))), seconds(1));
}

TEST(QuotaLedger, AfterTheWaitTheMoveIsAllowed) {
  auto ledger = gmail();
  ledger.record(kUp, 400 * kMB, at(hours(0)));
  const auto wait = ledger.delay(kUp, 10 * kMB, at(hours(0))).value();
  ASSERT_GT(wait, seconds(1));

  EXPECT_EQ(ledger.delay(kUp, 10 * kMB, at(hours(0)) + wait), milliseconds(0));
  EXPECT_EQ(ledger.delay(kUp, 10 * kMB, at(hours(0)) + wait / 2), wait - wait / 2);
}

TEST(QuotaLedger, AtTheWallItWaitsUntilEnoughIsOlderThanADay) {
  auto ledger = gmail();
  ledger.record(kUp, 250 * kMB, at(hours(0)));
  ledger.record(kUp, 250 * kMB, at(hours(5)));

  EXPECT_EQ(ledger.delay(kUp, kMB, at(hours(6))), milliseconds(hours(25 - 6)) + milliseconds(0));
}

TEST(QuotaLedger, DirectionsCountApart) {
  auto ledger = gmail();
  ledger.record(kUp, 500 * kMB, at(hours(0)));

  EXPECT_EQ(ledger.delay(kDown, 100 * kMB, at(hours(0))), milliseconds(0));
  EXPECT_EQ(ledger.used(kUp, at(hours(0))), 500 * kMB);
  EXPECT_EQ(ledger.used(kDown, at(hours(0))), 0U);
}

TEST(QuotaLedger, MoreThanADaysLimitIsNever) {
  auto ledger = gmail();

  EXPECT_FALSE(ledger.delay(kUp, 500 * kMB + 1, at(hours(0))));
  EXPECT_EQ(ledger.delay(kUp, 500 * kMB, at(hours(0))), milliseconds(0));
}

TEST(QuotaLedger, ADayIsRollingAndNotTheCalendars) {
  auto ledger = gmail();
  ledger.record(kUp, 100 * kMB, at(hours(0)) + minutes(59));

  EXPECT_EQ(ledger.used(kUp, at(hours(24)) + minutes(58)), 100 * kMB);
  EXPECT_EQ(ledger.used(kUp, at(hours(25))), 0U);
}

TEST(QuotaLedger, AClockThatWasPutBackForgetsNothing) {
  auto ledger = gmail();
  ledger.record(kUp, 400 * kMB, at(hours(100)));

  EXPECT_GT(ledger.delay(kUp, 100 * kMB, at(hours(0))), hours(20));
  EXPECT_EQ(ledger.used(kUp, at(hours(0))), 400 * kMB);
}

TEST(QuotaLedger, AFutureThatDoesNotComeIsForgottenAfterADay) {
  auto ledger = gmail();
  ledger.record(kUp, 500 * kMB, at(hours(100'000)));

  const auto wait = ledger.delay(kUp, kMB, at(hours(0))).value();
  EXPECT_LE(wait, hours(25));
  EXPECT_EQ(ledger.delay(kUp, kMB, at(hours(0)) + wait), milliseconds(0));
}

TEST(QuotaLedger, AClockThatIsSetLateCountsWhatMovedBefore) {
  auto ledger = gmail();
  ledger.record(kUp, 300 * kMB, at(hours(0)));
  EXPECT_EQ(ledger.used(kUp, QuotaTime(hours(1))), 300 * kMB);  // started before the time was known
  (void)ledger.delay(kUp, 1, QuotaTime(hours(1)));

  EXPECT_EQ(ledger.used(kUp, at(hours(2))), 300 * kMB);
  EXPECT_EQ(ledger.used(kUp, at(hours(26))), 0U);
}

TEST(QuotaLedger, TheServersPauseHoldsBothDirections) {
  QuotaLedger ledger;
  ledger.hold({.cause = Cause::throttled, .wait = seconds(300)}, at(hours(0)));

  EXPECT_EQ(ledger.delay(kUp, 1, at(hours(0))), seconds(300));
  EXPECT_EQ(ledger.delay(kDown, 0, at(hours(0)) + seconds(299)), seconds(1));
  EXPECT_EQ(ledger.delay(kDown, 1, at(hours(0)) + seconds(300)), milliseconds(0));
  EXPECT_EQ(ledger.held_until(at(hours(0))), at(hours(0)) + seconds(300));
  EXPECT_FALSE(ledger.held_until(at(hours(1))));
}

TEST(QuotaLedger, PausesWithoutATimeDoubleWhileTheyFollowEachOther) {
  QuotaLedger ledger;
  const ServerPause pause{.cause = Cause::bandwidth};
  auto now = at(hours(0));
  for (const auto expected : {minutes(15), minutes(30), minutes(60), minutes(120)}) {
    ledger.hold(pause, now);
    EXPECT_EQ(ledger.delay(kUp, 1, now), milliseconds(expected));
    now += expected;
  }

  now += hours(3);
  ledger.hold(pause, now);
  EXPECT_EQ(ledger.delay(kUp, 1, now), milliseconds(minutes(15)));
}

TEST(QuotaLedger, AShorterPauseDoesNotShortenALongerOne) {
  QuotaLedger ledger;
  ledger.hold({.cause = Cause::throttled, .wait = hours(2)}, at(hours(0)));
  ledger.hold({.cause = Cause::throttled, .wait = seconds(1)}, at(hours(1)));

  EXPECT_EQ(ledger.delay(kUp, 1, at(hours(1))), milliseconds(hours(1)));
}

TEST(QuotaLedger, APauseIsNotLongerWhenTheClockIsPutBack) {
  QuotaLedger ledger;
  ledger.hold({.cause = Cause::throttled, .wait = minutes(5)}, at(hours(50)));

  EXPECT_EQ(ledger.delay(kUp, 1, at(hours(0))), milliseconds(minutes(5)));
  EXPECT_EQ(ledger.delay(kUp, 1, at(hours(0)) + minutes(5)), milliseconds(0));
}

TEST(QuotaLedger, ForecastOfLittleIsNowAndOfMuchIsInDays) {
  auto ledger = gmail();

  EXPECT_EQ(ledger.forecast(kUp, 100 * kMB, at(hours(0))), at(hours(0)));
  const auto much = ledger.forecast(kUp, 5'000 * kMB, at(hours(0)));
  EXPECT_GT(much, at(hours(8 * 24)));
  EXPECT_LT(much, at(hours(13 * 24)));
  EXPECT_GT(ledger.forecast(kUp, 1'000'000 * kMB, at(hours(0))), at(hours(1'900 * 24)));
  EXPECT_EQ(ledger.used(kUp, at(hours(0))), 0U);
}

TEST(QuotaLedger, ForecastBeginsBehindTheServersPause) {
  QuotaLedger ledger;
  ledger.hold({.cause = Cause::bandwidth, .wait = hours(3)}, at(hours(0)));

  EXPECT_EQ(ledger.forecast(kUp, 1, at(hours(0))), at(hours(3)));
}

TEST(QuotaText, IsTheSameAsLongAsNothingMoves) {
  auto ledger = gmail();
  ledger.record(kUp, 7, at(hours(0)));
  const auto text = ledger.to_text();
  (void)ledger.delay(kUp, 300 * kMB, at(hours(3)));

  EXPECT_EQ(ledger.to_text(), text);
}

TEST(QuotaText, KeepsTheCountsThePaceAndThePause) {
  auto ledger = gmail();
  ledger.record(kUp, 400 * kMB, at(hours(0)));
  ledger.record(kDown, 9, at(hours(2)));
  ledger.hold({.cause = Cause::bandwidth}, at(hours(2)));
  const auto read = QuotaLedger::parse(ledger.to_text(), ledger.limits());

  ASSERT_TRUE(read);
  auto restored = *read;
  EXPECT_EQ(restored.to_text(), ledger.to_text());
  EXPECT_EQ(restored.used(kUp, at(hours(3))), 400 * kMB);
  EXPECT_EQ(restored.used(kDown, at(hours(3))), 9U);
  EXPECT_EQ(restored.delay(kUp, 50 * kMB, at(hours(3))), ledger.delay(kUp, 50 * kMB, at(hours(3))));
  EXPECT_EQ(restored.held_until(at(hours(2))), ledger.held_until(at(hours(2))));
}

TEST(QuotaText, RefusesWhatItNeverWrites) {
  const std::vector<std::string> texts{
      "",
      "quota 1",
      "quota 2\n",
      "quota 1\nhour 5 1\n",
      "quota 1\nhour 5 1 1 1\n",
      "quota 1\nhour 5 1 1\nhour 5 1 1\n",
      "quota 1\nhour 6 1 1\nhour 5 1 1\n",
      "quota 1\nhour -5 1 1\n",
      "quota 1\nhour 05 1 1\n",
      "quota 1\nhour 5 1 99999999999999999999\n",
      "quota 1\nhour 5 1 9999999999999999\n",
      "quota 1\nhour 99999999999 1 1\n",
      "quota 1\nhold 1 2\n",
      "quota 1\nhold 1 999999999999 1\n",
      "quota 1\nhold 1 2 3\nhold 1 2 3\n",
      "quota 1\nmoved 1\n",
      "quota 1\nahead x\n",
      "quota 1\nelse 1\n",
      "quota 1\n\n",
      "quota 1\nhour 5 1 1",
  };

  for (const auto& text : texts) {
    const auto read = QuotaLedger::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::state_corrupt);
  }
}

TEST(QuotaText, HoldsAtMostTheBucketsThatItMayHave) {
  std::string text = "quota 1\n";
  for (std::size_t i = 0; i < QuotaWindow::kMostBuckets; ++i)
    text += fmt::format("hour {} 1 1\n", i);
  EXPECT_TRUE(QuotaLedger::parse(text));

  EXPECT_FALSE(QuotaLedger::parse(text + "hour 500 1 1\n"));
}

TEST(QuotaText, OfYearsOfUseStaysShort) {
  auto ledger = gmail();
  for (int hour = 0; hour < 24 * 400; ++hour)
    ledger.record(kDown, 1 + kMB, at(hours(hour)));

  EXPECT_LE(ledger.to_text().size(), QuotaLedger::kMostText);
  EXPECT_TRUE(QuotaLedger::parse(ledger.to_text()));
  EXPECT_EQ(ledger.used(kDown, at(hours(24 * 400 - 1))), 25 * (kMB + 1));
}

}  // namespace
}  // namespace mailferry::plan
