#include "cli/status_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace mailferry::cli {
namespace {

using report::Health;
using testing::HasSubstr;
using testing::Not;

report::WallTime at(std::int64_t seconds) {
  return report::WallTime(std::chrono::seconds(1'795'240'800 + seconds));
}

report::BridgeStatus sample() {
  report::BridgeStatus status{.version = "0.1.0", .started = at(-3'700)};
  status.accounts.push_back({.account = "archive@gmail.example:993",
                             .is_destination = true,
                             .health = Health::waiting,
                             .last_success = at(-12),
                             .quota = {.up = 400'000'000, .up_limit = 500'000'000, .resumes_at = at(60)}});
  status.accounts.push_back({.account = "alice@mail.example.org:993",
                             .health = Health::failing,
                             .watching = "IDLE",
                             .last_error = "wrong\x1b[31m password",
                             .delivered = 1'234,
                             .queued = 7});
  status.parked.push_back({.account = "alice@mail.example.org:993",
                           .mailbox = "INBOX",
                           .destination = "Archive",
                           .uid = 42,
                           .reason = "too large",
                           .remedy = "remove it",
                           .attempts = 5,
                           .since = at(-86'400)});
  return status;
}

class StatusView : public ::testing::Test {
 protected:
  StatusView() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(StatusView, HasALineForEachAccountInColumns) {
  const auto text = status_text(sample(), at(0), 120);

  EXPECT_THAT(text, HasSubstr("mailferry 0.1.0, running for 1 h 01 min: failing\n"));
  EXPECT_THAT(
      text,
      HasSubstr("  ACCOUNT                     HEALTH    WATCHING   LAST SUCCESS        DELIVERED  QUEUED  PARKED\n"
                "→ archive@gmail.example:993   waiting              12 s ago                    0                \n"
                "  alice@mail.example.org:993  failing   IDLE       never                   1,234       7       1\n"));
  EXPECT_THAT(text, HasSubstr("sent 400.0 MB of 500.0 MB, held back until 2026-11-21 06:01:00\n"));
  EXPECT_THAT(text, HasSubstr("1 parked message: see mailferry failures\n"));
}

TEST_F(StatusView, AreSafeToShow) {
  EXPECT_THAT(status_text(sample(), at(0), 80), Not(HasSubstr("\x1b")));
  EXPECT_THAT(check_text(sample()), Not(HasSubstr("\x1b")));
}

TEST_F(StatusView, AccountsAreCutWhereTheTerminalIsNarrow) {
  const auto text = status_text(sample(), at(0), 80);

  EXPECT_THAT(text, HasSubstr("  alice@mail.exampl…  failing "));
}

TEST_F(StatusView, FailuresSayWhereAndWhyAndWhatToDo) {
  EXPECT_THAT(
      failures_text(sample().parked, at(0)),
      HasSubstr("UID 42 in INBOX of alice@mail.example.org:993 to Archive\n  too large\n  remove it\n  5 tries, parked "
                "1 d 00 h ago\n"));
  EXPECT_EQ(failures_text({}, at(0)), "no message is parked\n");
}

TEST_F(StatusView, TheCheckIsOneLine) {
  auto status = sample();
  EXPECT_THAT(check_text(status), HasSubstr("failing; source alice@mail.example.org:993: wrong"));
  status.accounts[1].health = Health::waiting;
  EXPECT_EQ(check_text(status), "healthy");
}

}  // namespace
}  // namespace mailferry::cli
