// The text of a row of settled runs: written and read, and what is refused.
#include "state/run_text.hpp"

#include <gtest/gtest.h>

namespace mailferry::state {
namespace {

bool same(const SettledRun& left, const SettledRun& right) {
  return left.source == right.source && left.count == right.count && left.destination == right.destination &&
         left.flags == right.flags;
}

const std::vector<SettledRun> kRuns = {
    {.source = 7, .count = 12, .destination = 101, .flags = Flags::from_string("\\Seen")},
    {.source = 19, .count = 1, .destination = 113},
    {.source = 22, .count = 3, .destination = 114, .flags = Flags::from_string("\\Seen \\Answered $a+1@2")},
    {.source = 25, .count = 1, .destination = 90},
    {.source = 26, .count = 4, .destination = 0},
    {.source = 30, .count = 2, .destination = 0, .flags = Flags::from_string("x")}};

TEST(RunText, LeavesOutWhatFollowsFromTheRunBefore) {
  EXPECT_EQ(to_text(kRuns), "12@101 \\Seen\n1\n3+2 \\Seen \\Answered $a+1@2\n1@90\n4@0\n2 x");
}

TEST(RunText, ReadsWhatItWrites) {
  const auto read = parse_runs(7, to_text(kRuns));

  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), kRuns.size());
  for (std::size_t at = 0; at < kRuns.size(); ++at)
    EXPECT_TRUE(same((*read)[at], kRuns[at])) << at;
}

TEST(RunText, RefusesWhatIsNoRun) {
  for (const char* text : {"", "x", "0@1", "1@1\n", "1@", "1+", "1@1x", "-1@1", "1+1@5", "5@4294967295", "4294967295@1",
                           "1@1\n1+4294967295", "99999999999999999999@1"})
    EXPECT_FALSE(parse_runs(1, text).has_value()) << text;
}

TEST(RunText, TakesTheHighestUid) {
  EXPECT_TRUE(parse_runs(4294967294U, "1@4294967294").has_value());
  EXPECT_FALSE(parse_runs(4294967295U, "1@1").has_value());
}

}  // namespace
}  // namespace mailferry::state
