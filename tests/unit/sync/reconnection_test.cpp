#include "sync/reconnection.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

Error broken() {
  return {.kind = ErrorKind::network,
          .scope = Scope::account,
          .retry = Retry::now,
          .retry_after = {},
          .message = "gone",
          .remedy = {},
          .trail = {}};
}

TEST(Reconnection, GivesUpAfterItsAttempts) {
  Reconnection reconnection(3);

  EXPECT_TRUE(reconnection.delay_after(broken()));
  EXPECT_TRUE(reconnection.delay_after(broken()));
  EXPECT_FALSE(reconnection.delay_after(broken()));
}

TEST(Reconnection, BeginsAnewAfterProgress) {
  Reconnection reconnection(2);
  ASSERT_TRUE(reconnection.delay_after(broken()));
  ASSERT_FALSE(reconnection.delay_after(broken()));

  reconnection.reset();

  EXPECT_TRUE(reconnection.delay_after(broken()));
}

/// Where a message takes longer than all the patience, a second break is still only the second one.
TEST(Reconnection, CountsThePausesAndNotTheWorkBetweenThem) {
  Reconnection reconnection(1000);
  auto wanted = broken();
  wanted.retry_after = std::chrono::minutes(4);

  int attempts = 0;
  while (attempts < 1000 && reconnection.delay_after(wanted))
    ++attempts;

  EXPECT_GE(attempts, 2);
  EXPECT_LT(attempts, 10) << "pauses add up to the budget";
}

}  // namespace
}  // namespace mailferry::sync
