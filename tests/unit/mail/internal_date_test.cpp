#include "mail/internal_date.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace mailferry {
namespace {

struct Case {
  std::string_view text;
  std::int64_t seconds;
  int zone_minutes;
};

class InternalDateParse : public testing::TestWithParam<Case> {};

TEST_P(InternalDateParse, GivesTheInstantAndTheZone) {
  const auto date = InternalDate::parse(GetParam().text);

  ASSERT_TRUE(date) << GetParam().text;
  EXPECT_EQ(date->seconds, GetParam().seconds) << GetParam().text;
  EXPECT_EQ(date->zone_minutes, GetParam().zone_minutes) << GetParam().text;
}

// The seconds are those of `date -u -d … +%s`.
INSTANTIATE_TEST_SUITE_P(
    Dates, InternalDateParse,
    testing::Values(
        Case{"17-Jul-1996 02:44:25 -0700", 837596665, -420}, Case{"01-Jan-1970 00:00:00 +0000", 0, 0},
        Case{"31-Dec-1969 23:59:59 +0000", -1, 0}, Case{"29-Feb-2024 12:00:00 +0530", 1709188200, 330},
        Case{"29-Feb-2000 00:00:00 +0000", 951782400, 0}, Case{"01-Mar-2100 00:00:00 +0000", 4107542400, 0},
        Case{"01-Jan-0001 00:00:00 +0000", -62135596800, 0}, Case{"31-Dec-9999 23:59:59 +0000", 253402300799, 0},
        Case{" 7-Jul-1996 02:44:25 -0700", 836732665, -420}, Case{"7-jul-1996 02:44:25 -0700", 836732665, -420},
        Case{"07-JUL-1996 02:44:25 -07", 836732665, -420}, Case{"30-Jun-2015 23:59:60 +0000", 1435708800, 0}));

TEST(InternalDate, RefusesWhatIsNoDate) {
  for (const std::string_view text : {"",
                                      "17-Jul-1996",
                                      "17-Jul-1996 02:44:25",
                                      "17-Jul-1996 02:44:25 0700",
                                      "32-Jan-2020 00:00:00 +0000",
                                      "29-Feb-2023 00:00:00 +0000",
                                      "29-Feb-2100 00:00:00 +0000",
                                      "00-Jan-2020 00:00:00 +0000",
                                      "01-Foo-2020 00:00:00 +0000",
                                      "01-Jan-2020 24:00:00 +0000",
                                      "01-Jan-2020 00:60:00 +0000",
                                      "01-Jan-2020 00:00:61 +0000",
                                      "01-Jan-0000 00:00:00 +0000",
                                      "01-Jan-2020 00:00:00 +0060",
                                      "01-Jan-2020 00:00:00 +2400",
                                      "01-Jan-2020 00:00:00 +0000x",
                                      "01-Jan-20200 00:00:00 +0000",
                                      "1-1-2020 00:00:00 +0000",
                                      "01-Jan-2020 0:00:00 +0000",
                                      "+1-Jan-2020 00:00:00 +0000"}) {
    const auto date = InternalDate::parse(text);
    ASSERT_FALSE(date) << text;
    EXPECT_EQ(date.error().scope, Scope::message) << text;
  }
}

TEST(InternalDate, WritesTwentySixCharactersInItsZone) {
  const InternalDate date{.seconds = 836732665, .zone_minutes = -420};
  EXPECT_EQ(date.to_string(), "07-Jul-1996 02:44:25 -0700");
  EXPECT_EQ((InternalDate{.seconds = 0, .zone_minutes = -30}.to_string()), "31-Dec-1969 23:30:00 -0030");
  EXPECT_EQ((InternalDate{.seconds = 0, .zone_minutes = 330}.to_string()), "01-Jan-1970 05:30:00 +0530");
}

TEST(InternalDate, WritesTheNearestDateForInstantsWithoutOne) {
  using Limits = std::numeric_limits<std::int64_t>;
  EXPECT_EQ(InternalDate{.seconds = Limits::max()}.to_string(), "31-Dec-9999 23:59:59 +0000");
  EXPECT_EQ(InternalDate{.seconds = Limits::min()}.to_string(), "01-Jan-0001 00:00:00 +0000");
  EXPECT_EQ((InternalDate{.seconds = 0, .zone_minutes = 32767}.to_string()), "01-Jan-1970 23:59:00 +2359");
}

TEST(InternalDate, ReadsWhatItWroteInAllYears) {
  constexpr std::int64_t kFirst = -62135596800, kLast = 253402300799, kStep = 86400 * 9 + 4321;
  for (std::int64_t seconds = kFirst; seconds <= kLast; seconds += kStep) {
    const auto read = InternalDate::parse(InternalDate{.seconds = seconds}.to_string());
    ASSERT_TRUE(read) << seconds;
    ASSERT_EQ(read->seconds, seconds);
  }
}

TEST(InternalDate, ComparesInstantsNotZones) {
  EXPECT_EQ((InternalDate{.seconds = 5, .zone_minutes = 60}), (InternalDate{.seconds = 5, .zone_minutes = -60}));
}

}  // namespace
}  // namespace mailferry
