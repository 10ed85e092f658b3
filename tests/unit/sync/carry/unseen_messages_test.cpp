// What was announced and not listed: when it counts as gone.
#include "sync/carry/unseen_messages.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

using std::chrono::seconds;

UidSet uids(std::string_view text) {
  return text.empty() ? UidSet() : *UidSet::parse(text);
}

class UnseenMessagesTest : public ::testing::Test {
 protected:
  /// What of `looked_at` is gone behind a look that found `found`.
  std::string look(std::string_view looked_at, std::string_view found) {
    unseen_.look(uids(looked_at), uids(found), now_);
    auto gone = uids(looked_at);
    gone.remove(uids(found));
    unseen_.spare(gone);
    return gone.to_string();
  }

  UnseenMessages unseen_;
  UnseenMessages::SteadyTime now_{seconds(5000)};
};

TEST_F(UnseenMessagesTest, GoneIsWhatASecondLookAMinuteLaterDoesNotFind) {
  EXPECT_EQ(look("3:6", "3:4"), "");
  EXPECT_EQ(unseen_.due(), now_ + seconds(60));
  now_ += seconds(59);
  EXPECT_EQ(look("5:6", ""), "");
  now_ += seconds(1);
  EXPECT_EQ(look("5:6", ""), "5:6");
  EXPECT_EQ(unseen_.due(), UnseenMessages::SteadyTime::max());
}

TEST_F(UnseenMessagesTest, WhatWasFoundBeforeHasItsMinuteToo) {
  EXPECT_EQ(look("3:6", "3:6"), "");
  EXPECT_EQ(look("3:6", ""), "") << "one look that finds nothing proves nothing";
  now_ += seconds(30);
  EXPECT_EQ(look("3:6", "3:5"), "");
  now_ += seconds(30);
  EXPECT_EQ(look("3:6", "3:5"), "6");
}

TEST_F(UnseenMessagesTest, WhatComesToLightIsNotAwaitedAnyMore) {
  EXPECT_EQ(look("4:5", ""), "");
  now_ += seconds(5);
  EXPECT_EQ(look("4:5", "4:5"), "");
  EXPECT_EQ(unseen_.due(), UnseenMessages::SteadyTime::max());
}

TEST_F(UnseenMessagesTest, EachHasItsMinute) {
  EXPECT_EQ(look("4", ""), "");
  now_ += seconds(50);
  EXPECT_EQ(look("4:5", ""), "");
  now_ += seconds(10);
  EXPECT_EQ(look("4:5", ""), "4");
  EXPECT_EQ(unseen_.due(), now_ + seconds(60));
  now_ += seconds(60);
  EXPECT_EQ(look("5", ""), "5");
}

}  // namespace
}  // namespace mailferry::sync
