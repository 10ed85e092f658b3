#include "report/report_time.hpp"

#include "report/wall_text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace mailferry::report {
namespace {

class ReportTime : public ::testing::Test {
 protected:
  ~ReportTime() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static void in_zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  /// The next time after this UTC time, in UTC.
  static std::string next(const char* now, int hour) {
    return to_utc_text(next_report_time(parse_utc_text(now).value(), hour));
  }
};

TEST_F(ReportTime, IsTodayOrTomorrow) {
  in_zone("UTC");

  EXPECT_EQ(next("2026-11-21T06:59:59Z", 7), "2026-11-21T07:00:00Z");
  EXPECT_EQ(next("2026-11-21T07:00:00Z", 7), "2026-11-22T07:00:00Z");
  EXPECT_EQ(next("2026-11-21T00:00:00Z", 0), "2026-11-22T00:00:00Z");
  EXPECT_EQ(next("2026-12-31T23:30:00Z", 23), "2027-01-01T23:00:00Z");
  EXPECT_EQ(next("2028-02-28T08:00:00Z", 7), "2028-02-29T07:00:00Z");
}

TEST_F(ReportTime, StaysAtTheSameHourWhenSummerTimeBeginsAndEnds) {
  in_zone("Europe/Berlin");

  EXPECT_EQ(next("2026-03-28T06:00:00Z", 7), "2026-03-29T05:00:00Z");
  EXPECT_EQ(next("2026-03-29T05:00:00Z", 7), "2026-03-30T05:00:00Z");
  EXPECT_EQ(next("2026-10-24T05:00:00Z", 7), "2026-10-25T06:00:00Z");
  EXPECT_EQ(next("2026-10-25T06:00:00Z", 7), "2026-10-26T06:00:00Z");
}

TEST_F(ReportTime, AnHourThatIsLeftOutComesWhereTheClockGoesOn) {
  in_zone("Europe/Berlin");  // 02:00 to 03:00 is left out

  EXPECT_EQ(next("2026-03-28T12:00:00Z", 2), "2026-03-29T01:00:00Z");
  EXPECT_EQ(next("2026-03-29T01:00:00Z", 2), "2026-03-30T00:00:00Z");
}

TEST_F(ReportTime, AnHourThatComesTwiceCountsOnce) {
  in_zone("Europe/Berlin");  // 02:00 comes at 00:00 and at 01:00 UTC

  EXPECT_EQ(next("2026-10-24T12:00:00Z", 2), "2026-10-25T00:00:00Z");
  EXPECT_EQ(next("2026-10-25T00:00:00Z", 2), "2026-10-26T01:00:00Z");
  EXPECT_EQ(next("2026-10-25T00:30:00Z", 2), "2026-10-26T01:00:00Z");
}

TEST_F(ReportTime, ZonesOfHalfAnHourAndOfTheSouth) {
  in_zone("Australia/Lord_Howe");  // half an hour of summer time, from 2026-10-04T02:00
  EXPECT_EQ(next("2026-10-03T00:00:00Z", 7), "2026-10-03T20:00:00Z");
  in_zone("Asia/Kolkata");
  EXPECT_EQ(next("2026-11-21T01:30:00Z", 7), "2026-11-22T01:30:00Z");
  in_zone("America/Sao_Paulo");  // midnight was left out on 2018-11-04
  EXPECT_EQ(next("2018-11-03T12:00:00Z", 0), "2018-11-04T03:00:00Z");
}

TEST_F(ReportTime, ComesOnceADayAllYearInEveryZone) {
  for (const auto* zone : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
                           "Africa/Casablanca", "America/Santiago", "Asia/Tehran"}) {
    in_zone(zone);
    for (const int hour : {0, 1, 2, 3, 7, 23}) {
      auto now = parse_utc_text("2025-12-31T12:00:00Z").value();
      for (int day = 0; day < 366; ++day) {
        const auto due = next_report_time(now, hour);
        ASSERT_GT(due - now, std::chrono::hours(day == 0 ? 0 : 22)) << zone << hour << to_utc_text(now);
        ASSERT_LT(due - now, std::chrono::hours(26)) << zone << hour << to_utc_text(now);
        now = due;
      }
    }
  }
}

}  // namespace
}  // namespace mailferry::report
