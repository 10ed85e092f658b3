#include "sync/carry/set_back.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

using std::chrono::seconds;

class SetBackTest : public ::testing::Test {
 protected:
  SetBack set_back_;
  SetBack::SteadyTime now_{seconds(5000)};
};

TEST_F(SetBackTest, AMailboxThatOnlyGrowsIsNot) {
  EXPECT_EQ(set_back_.look(10, 10, 9, now_), 0U);
  EXPECT_EQ(set_back_.look(12, 10, 11, now_), 0U);
  EXPECT_EQ(set_back_.due(), SetBack::SteadyTime::max());
}

TEST_F(SetBackTest, WhoDoesNotTellIsNot) {
  EXPECT_EQ(set_back_.look(0, 10, 0, now_), 0U);
  EXPECT_EQ(set_back_.doubtful_from(), 0U);
}

TEST_F(SetBackTest, ASecondLookMakesItSureFromTheLowestOn) {
  EXPECT_EQ(set_back_.look(6, 10, 0, now_), 0U);
  EXPECT_EQ(set_back_.doubtful_from(), 6U);
  EXPECT_EQ(set_back_.due(), now_ + SetBack::kSecondLook);

  EXPECT_EQ(set_back_.look(8, 10, 0, now_ + SetBack::kSecondLook - seconds(1)), 0U);
  EXPECT_EQ(set_back_.look(9, 10, 0, now_ + SetBack::kSecondLook), 6U);
  EXPECT_EQ(set_back_.doubtful_from(), 0U);
}

TEST_F(SetBackTest, AServerThatOnlyLagsIsNot) {
  EXPECT_EQ(set_back_.look(6, 10, 0, now_), 0U);
  EXPECT_EQ(set_back_.look(10, 10, 0, now_ + SetBack::kSecondLook), 0U);
  EXPECT_EQ(set_back_.doubtful_from(), 0U);
}

TEST_F(SetBackTest, AServerThatListsWhatItDeniesIsNotBelieved) {
  for (int times = 0; times < SetBack::kMostLies; ++times) {
    EXPECT_EQ(set_back_.look(6, 10, 0, now_), 0U);
    now_ += SetBack::kSecondLook;
    EXPECT_EQ(set_back_.look(6, 10, 0, now_), 6U);
    EXPECT_EQ(set_back_.look(6, 6, 9, now_), 0U);
  }

  EXPECT_EQ(set_back_.look(6, 10, 0, now_), 0U);
  EXPECT_EQ(set_back_.due(), SetBack::SteadyTime::max());
}

}  // namespace
}  // namespace mailferry::sync
