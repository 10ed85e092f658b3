#include "mail/server_pause.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mailferry {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Cause = ServerPause::Cause;

struct Row {
  std::string text;
  Cause cause;
  std::optional<milliseconds> wait;
};

TEST(ServerPause, ReadsWhatServersSay) {
  const std::vector<Row> rows{
      {"Request is throttled. Suggested Backoff Time: 299893 milliseconds", Cause::throttled, milliseconds(299'893)},
      {"[OVERQUOTA] Account exceeded command or bandwidth limits. x1mb1234", Cause::bandwidth, {}},
      {"Account exceeded command or bandwidth limits", Cause::bandwidth, {}},
      {"[OVERQUOTA] Quota exceeded (mailbox for user is full)", Cause::storage, {}},
      {"Too many simultaneous connections. (Failure)", Cause::connections, {}},
      {"[UNAVAILABLE] Please try again in 5 minutes.", Cause::throttled, minutes(5)},
      {"Rate limit hit, try again in 90 seconds", Cause::throttled, seconds(90)},
      {"server busy, retry after 30", Cause::throttled, seconds(30)},
      {"Retry-After: 120", Cause::throttled, seconds(120)},
      {"please wait 2 hrs", Cause::throttled, hours(2)},
      {"TRY AGAIN IN 10SEC", Cause::throttled, seconds(10)},
      {"Try again in an hour", Cause::throttled, hours(1)},
      {"You have exceeded your daily limit; try again in 1 day", Cause::bandwidth, hours(24)},
      {"throttled, wait 1.5 minutes", Cause::throttled, minutes(2)},
  };

  for (const auto& row : rows) {
    const auto pause = read_server_pause(row.text);

    ASSERT_TRUE(pause) << row.text;
    EXPECT_EQ(pause->cause, row.cause) << row.text;
    EXPECT_EQ(pause->wait, row.wait) << row.text;
  }
}

TEST(ServerPause, OtherRefusalsAskForNoPause) {
  for (const auto* text : {"", "Mailbox does not exist", "[AUTHENTICATIONFAILED] Invalid credentials, please try again",
                           "Message is larger than 35651584 octets", "UID 42 is gone"})
    EXPECT_FALSE(read_server_pause(text)) << text;
}

TEST(ServerPause, DatesAndTimesAreNoSeconds) {
  EXPECT_FALSE(read_server_pause("try again after 2026-11-22"));
  EXPECT_FALSE(read_server_pause("try again after 05:00:00"));
}

TEST(ServerPause, HugeNumbersAreBounded) {
  for (const auto* text :
       {"try again in 99999999999999999999 hours", "backoff time: 18446744073709551615", "wait 700000 seconds"}) {
    const auto pause = read_server_pause(text);
    ASSERT_TRUE(pause) << text;
    EXPECT_EQ(pause->wait, milliseconds(kLongestPause)) << text;
  }
}

TEST(ServerPause, EveryPrefixIsReadWithoutHarm) {
  const std::string text = "[OVERQUOTA] throttled; Suggested Backoff Time: 12 milliseconds, try again in an hour";
  for (std::size_t length = 0; length <= text.size(); ++length)
    (void)read_server_pause(std::string_view(text).substr(0, length));
}

TEST(ServerPause, WithoutATimePausesDoubleUpToACeiling) {
  const ServerPause pause{.cause = Cause::bandwidth};

  EXPECT_EQ(length_of(pause, 1), minutes(15));
  EXPECT_EQ(length_of(pause, 2), minutes(30));
  EXPECT_EQ(length_of(pause, 5), hours(4));
  EXPECT_EQ(length_of(pause, 1'000'000), hours(4));
}

TEST(ServerPause, ATimeThatTheServerGaveIsKeptHoweverOften) {
  EXPECT_EQ(length_of({.cause = Cause::throttled, .wait = seconds(7)}, 9), seconds(7));
}

}  // namespace
}  // namespace mailferry
