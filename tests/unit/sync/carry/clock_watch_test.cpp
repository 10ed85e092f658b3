#include "sync/carry/clock_watch.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const ClockWatch::WallTime kWall{hours(500'000)};
const ClockWatch::SteadyTime kSteady{hours(3)};

TEST(ClockWatch, CallsOrdinaryTimeNoJump) {
  ClockWatch watch;

  EXPECT_FALSE(watch.has_jumped(kWall, kSteady));
  EXPECT_FALSE(watch.has_jumped(kWall + seconds(15), kSteady + seconds(15)));
  EXPECT_FALSE(watch.has_jumped(kWall + seconds(39), kSteady + seconds(30)));
}

TEST(ClockWatch, NoticesASleep) {
  ClockWatch watch;
  (void)watch.has_jumped(kWall, kSteady);

  EXPECT_TRUE(watch.has_jumped(kWall + hours(8), kSteady + seconds(15)));
  EXPECT_FALSE(watch.has_jumped(kWall + hours(8) + seconds(15), kSteady + seconds(30)));
}

TEST(ClockWatch, NoticesAClockThatIsSetBack) {
  ClockWatch watch;
  (void)watch.has_jumped(kWall, kSteady);

  EXPECT_TRUE(watch.has_jumped(kWall - seconds(1), kSteady + seconds(15)));
}

}  // namespace
}  // namespace mailferry::sync
