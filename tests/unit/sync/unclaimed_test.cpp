#include "sync/unclaimed.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

TEST(Sightings, AreReadAsTheyWereWritten) {
  const Sightings sightings{{1, 0}, {7, 0xFFFF'FFFF'FFFF'FFFF}, {4'294'967'294, 0x0123'4567'89AB'CDEF}};
  EXPECT_EQ(parse_sightings(to_sightings_text(sightings)), sightings);
  EXPECT_EQ(to_sightings_text({{7, 10}}), "7 000000000000000a\n");
  EXPECT_TRUE(parse_sightings("").empty());
}

TEST(Sightings, DamagedOnesAreNone) {
  for (const auto* text : {"7", "7 ", "7 zz\n", "0 000000000000000a\n", "x 1\n", "7 000000000000000a", "7\n", "7 1\n8",
                           "99999999999 1\n", "7 1ffffffffffffffff\n", "7  1\n"})
    EXPECT_TRUE(parse_sightings(text).empty()) << text;
}

}  // namespace
}  // namespace mailferry::sync
