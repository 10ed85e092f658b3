#include "async/retry_policy.hpp"

#include <gtest/gtest.h>

namespace mailferry::async {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr double kAlmostOne = 0.999999;

Error error_with(Retry retry, milliseconds retry_after = 0ms) {
  Error error;
  error.kind = ErrorKind::network;
  error.retry = retry;
  error.retry_after = retry_after;
  return error;
}

TEST(RetryPolicy, NeverTriesAgainWhatCannotHelp) {
  EXPECT_FALSE(RetryPolicy{}.delay_after(1, 0ms, error_with(Retry::never), 0.5));
}

TEST(RetryPolicy, NeverTriesAgainWhatTheUserCancelled) {
  Error cancelled = error_with(Retry::now);
  cancelled.kind = ErrorKind::cancelled;
  EXPECT_FALSE(RetryPolicy{}.delay_after(1, 0ms, cancelled, 0.5));
}

TEST(RetryPolicy, TriesAgainAtOnceOnlyTheFirstTime) {
  const RetryPolicy policy{.first = 1s};
  EXPECT_EQ(policy.delay_after(1, 0ms, error_with(Retry::now), kAlmostOne), 0ms);
  EXPECT_GT(policy.delay_after(2, 0ms, error_with(Retry::now), kAlmostOne), 1s);
}

TEST(RetryPolicy, DoublesTheLongestPauseUpToTheCeiling) {
  const RetryPolicy policy{.first = 1s, .ceiling = 5s};
  const Error error = error_with(Retry::later);
  EXPECT_EQ(policy.delay_after(1, 0ms, error, 1.0), 1s);
  EXPECT_EQ(policy.delay_after(2, 0ms, error, 1.0), 2s);
  EXPECT_EQ(policy.delay_after(3, 0ms, error, 1.0), 4s);
  EXPECT_EQ(policy.delay_after(4, 0ms, error, 1.0), 5s);
  EXPECT_EQ(policy.delay_after(7, 0ms, error, 1.0), 5s);
}

TEST(RetryPolicy, SpreadsThePauseFromZero) {
  const RetryPolicy policy{.first = 1s};
  EXPECT_EQ(policy.delay_after(1, 0ms, error_with(Retry::later), 0.0), 0ms);
  EXPECT_EQ(policy.delay_after(1, 0ms, error_with(Retry::later), 0.5), 500ms);
}

TEST(RetryPolicy, WaitsAtLeastAsLongAsTheServerAsks) {
  const RetryPolicy policy{.first = 1s, .ceiling = 5s};
  EXPECT_EQ(policy.delay_after(1, 0ms, error_with(Retry::later, 60s), 0.0), 60s);
  EXPECT_EQ(policy.delay_after(1, 0ms, error_with(Retry::now, 60s), 1.0), 61s);
}

TEST(RetryPolicy, GivesUpAfterTheLastAttempt) {
  const RetryPolicy policy{.max_attempts = 3};
  EXPECT_TRUE(policy.delay_after(2, 0ms, error_with(Retry::later), 0.5));
  EXPECT_FALSE(policy.delay_after(3, 0ms, error_with(Retry::later), 0.5));
}

TEST(RetryPolicy, GivesUpWhenThePauseWouldExceedTheBudget) {
  const RetryPolicy policy{.first = 1s, .budget = 10s};
  EXPECT_EQ(policy.delay_after(1, 9s, error_with(Retry::later), 1.0), 1s);
  EXPECT_FALSE(policy.delay_after(1, 9'001ms, error_with(Retry::later), 1.0));
}

TEST(RetryPolicy, SurvivesAbsurdAttemptNumbers) {
  const RetryPolicy policy{.first = 1s, .ceiling = 60s, .max_attempts = 2'000'000'000};
  EXPECT_EQ(policy.delay_after(1'999'999'999, 0ms, error_with(Retry::later), 1.0), 60s);
}

}  // namespace
}  // namespace mailferry::async
