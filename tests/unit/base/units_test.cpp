#include "base/units.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

using namespace std::chrono_literals;

TEST(Units, Octets) {
  EXPECT_EQ(format_octets(0), "0 B");
  EXPECT_EQ(format_octets(999), "999 B");
  EXPECT_EQ(format_octets(1000), "1.0 KB");
  EXPECT_EQ(format_octets(12345678), "12.3 MB");
  EXPECT_EQ(format_octets(999949), "999.9 KB");
  EXPECT_EQ(format_octets(999950), "1.0 MB");
  EXPECT_EQ(format_octets(UINT64_MAX), "18.4 EB");
}

TEST(Units, Counts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_counted(1, "message", "messages"), "1 message");
  EXPECT_EQ(format_counted(0, "message", "messages"), "0 messages");
  EXPECT_EQ(format_counted(2000, "message", "messages"), "2,000 messages");
}

TEST(Units, Durations) {
  EXPECT_EQ(format_duration(0ms), "0 s");
  EXPECT_EQ(format_duration(-5s), "0 s");
  EXPECT_EQ(format_duration(59999ms), "59 s");
  EXPECT_EQ(format_duration(65s), "1 min 05 s");
  EXPECT_EQ(format_duration(62min), "1 h 02 min");
  EXPECT_EQ(format_duration(76h), "3 d 04 h");
}

TEST(Units, Rates) {
  EXPECT_EQ(format_octet_rate(24600000, 2s), "12.3 MB/s");
  EXPECT_EQ(format_octet_rate(1, 0ms), "–");
  EXPECT_EQ(format_octet_rate(UINT64_MAX, 1ms), "18.4 EB/s");
  EXPECT_EQ(format_rate(2468, 2s, "messages"), "1,234 messages/s");
  EXPECT_EQ(format_rate(4, 10s, "messages"), "0.4 messages/s");
  EXPECT_EQ(format_rate(99, 10s, "messages"), "9.9 messages/s");
  EXPECT_EQ(format_rate(1, 0ms, "messages"), "–");
}

}  // namespace
}  // namespace mailferry
