#include "sync/room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

using testing::HasSubstr;

const Error& full() {
  static const Error error{.kind = ErrorKind::quota,
                           .scope = Scope::message,
                           .retry = Retry::never,
                           .retry_after = {},
                           .message = "no room",
                           .remedy = "make room",
                           .trail = {}};
  return error;
}

/// UIDs 1 to 4 of these sizes.
Room measured(UidSet& left) {
  Room room;
  room.refuse_several(full());
  left.add(UidRange{1, 4});
  room.measure({{900, 1}, {10, 2}, {500, 3}, {20, 4}}, left);
  return room;
}

TEST(Room, IsThereUntilSomethingWasRefused) {
  Room room;
  EXPECT_FALSE(room.tight());
  room.refuse_several(full());
  EXPECT_TRUE(room.tight());
  EXPECT_FALSE(room.measured());
}

TEST(Room, TakesTheSmallestFirstAndMoreOfThemAsLongAsTheyFit) {
  UidSet left;
  auto room = measured(left);
  EXPECT_EQ(room.take_smallest(left), UidSet(UidRange{2, 2}));
  room.accept();
  auto two = room.take_smallest(left);
  EXPECT_TRUE(two.size() == 2 && two.contains(4) && two.contains(3));
  EXPECT_EQ(left, UidSet(UidRange{1, 1}));
}

TEST(Room, TakesNothingThatIsNotSmallerThanWhatWasRefused) {
  UidSet left;
  auto room = measured(left);
  room.refuse(500, full());
  EXPECT_EQ(room.take_smallest(left), UidSet(UidRange{2, 2}));
  EXPECT_EQ(room.take_smallest(left), UidSet(UidRange{4, 4}));
  EXPECT_FALSE(room.may_take_any(left));
  EXPECT_FALSE(room.may_take(500));
  EXPECT_TRUE(room.take_smallest(left).empty());
  EXPECT_THAT(room.refusal(900).describe(), HasSubstr("no room for its 900 octets"));
}

TEST(Room, TakesAgainWhatCameBack) {
  UidSet left;
  auto room = measured(left);
  room.accept();
  room.accept();
  EXPECT_EQ(room.take_smallest(left).size(), 4U);
  left.add(Uid{2});
  EXPECT_EQ(room.take_smallest(left), UidSet(UidRange{2, 2}));
}

TEST(Room, TriesWhatHasNoSizeFirst) {
  UidSet left;
  auto room = measured(left);
  left.add(Uid{7});
  room.measure({{900, 1}, {10, 2}, {500, 3}, {20, 4}}, left);
  EXPECT_EQ(room.take_smallest(left), UidSet(UidRange{7, 7}));
}

}  // namespace
}  // namespace mailferry::sync
