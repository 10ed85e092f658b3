#include "mail/uid_set.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

constexpr Uid kLastUid = 4294967295U;

UidSet set_of(std::string_view text) {
  auto set = UidSet::parse(text);
  EXPECT_TRUE(set) << text;
  return set.value_or(UidSet());
}

TEST(UidSet, ParsesRangesInAnyOrderAndJoinsThem) {
  EXPECT_EQ(set_of("1,3:5,9:7").to_string(), "1,3:5,7:9");
  EXPECT_EQ(set_of("9,1:3,4,2:6").to_string(), "1:6,9");
  EXPECT_EQ(set_of("4294967295,4294967290:4294967294").to_string(), "4294967290:4294967295");
}

TEST(UidSet, RefusesWhatIsNoSetOfUids) {
  for (const std::string_view text :
       {"", "0", "*", "1:*", "1,", ",1", "1:", ":1", "1,,2", "4294967296", "1 2", "-1", "a", "0:5", "1;2"}) {
    const auto set = UidSet::parse(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().kind, ErrorKind::protocol);
  }
}

TEST(UidSet, ShortensABadTextInItsError) {
  const auto set = UidSet::parse(std::string(100000, '1'));
  ASSERT_FALSE(set);
  EXPECT_LT(set.error().message.size(), 200U);
}

TEST(UidSet, JoinsAdjacentAndOverlappingRangesWhenAdding) {
  UidSet set = set_of("10:20,30:40,50:60");
  set.add(UidRange{21, 29});
  EXPECT_EQ(set.to_string(), "10:40,50:60");
  set.add(45);
  set.add(5);
  EXPECT_EQ(set.to_string(), "5,10:40,45,50:60");
  set.add(UidRange{1, 100});
  EXPECT_EQ(set.to_string(), "1:100");
}

TEST(UidSet, KeepsARangeThatReachesTheLastUid) {
  UidSet set(UidRange{kLastUid - 1, kLastUid});
  set.add(kLastUid);
  set.add(1);
  EXPECT_EQ(set.to_string(), "1,4294967294:4294967295");
  set.remove(UidSet(UidRange{1, kLastUid}));
  EXPECT_TRUE(set.empty());
}

TEST(UidSet, IgnoresZeroAndTurnsReversedRanges) {
  UidSet set;
  set.add(0);
  EXPECT_TRUE(set.empty());
  set.add(UidRange{0, 2});
  set.add(UidRange{9, 7});
  EXPECT_EQ(set.to_string(), "1:2,7:9");
}

TEST(UidSet, AMillionAscendingUidsAreOneRange) {
  UidSet set;
  for (Uid uid = 1; uid <= 1000000; ++uid)
    set.add(uid);
  EXPECT_EQ(set.ranges().size(), 1U);
  EXPECT_EQ(set.size(), 1000000U);
}

TEST(UidSet, CountsBeyondThirtyTwoBits) {
  EXPECT_EQ(UidSet(UidRange{1, kLastUid}).size(), 4294967295U);
}

TEST(UidSet, RemovesHolesAcrossRanges) {
  UidSet set = set_of("1:10,20:30,40:50");
  set.remove(set_of("1,5:6,10:20,30:45,50"));
  EXPECT_EQ(set.to_string(), "2:4,7:9,21:29,46:49");
}

TEST(UidSet, TellsMembersAndEnds) {
  const UidSet set = set_of("3:5,9");
  EXPECT_TRUE(set.contains(3) && set.contains(5) && set.contains(9));
  EXPECT_FALSE(set.contains(2) || set.contains(6) || set.contains(10) || set.contains(0));
  EXPECT_EQ(set.min(), 3U);
  EXPECT_EQ(set.max(), 9U);
  EXPECT_EQ(UidSet().max(), 0U);
}

TEST(UidSet, TakesTheSmallestUidsFirst) {
  UidSet set = set_of("1:3,10:20");
  EXPECT_EQ(set.take_front(5).to_string(), "1:3,10:11");
  EXPECT_EQ(set.to_string(), "12:20");
  EXPECT_TRUE(set.take_front(0).empty());
  EXPECT_EQ(set.take_front(100).to_string(), "12:20");
  EXPECT_TRUE(set.empty());
}

TEST(UidSet, TakesWhatFitsIntoALine) {
  UidSet set = set_of("1:10,12,100:200");
  EXPECT_EQ(set.take_front_octets(7).to_string(), "1:10,12");
  EXPECT_EQ(set.to_string(), "100:200");
  EXPECT_EQ(set.take_front_octets(1).to_string(), "100:200") << "one range is taken even if it does not fit";
  EXPECT_TRUE(set.take_front_octets(10).empty());
}

TEST(UidSet, TakesOneRangeLessWhenTheLineIsOneCharacterShort) {
  UidSet set = set_of("1:10,12,100:200");
  EXPECT_EQ(set.take_front_octets(6).to_string(), "1:10");
}

TEST(UidSet, IntersectsAndCompares) {
  EXPECT_EQ(set_of("1:10,20").intersection(set_of("5:25")).to_string(), "5:10,20");
  EXPECT_EQ(set_of("1,2,3"), set_of("1:3"));
  EXPECT_NE(set_of("1"), set_of("2"));
}

}  // namespace
}  // namespace mailferry
