#include "base/result.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

Result<int> parse_digit(char c) {
  if (c < '0' || c > '9') return fail(ErrorKind::usage, Scope::run, "no digit", "give one");
  return c - '0';
}

Result<int> sum(char a, char b) {
  TRY(const int left, parse_digit(a));
  TRY(const int right, parse_digit(b));
  return left + right;
}

Result<> check(char c) {
  CHECK_OK(parse_digit(c));
  return {};
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(sum('1', '2').value_or(-1), 3);
  ASSERT_FALSE(sum('1', 'x'));
  EXPECT_EQ(sum('1', 'x').error().remedy, "give one");
  EXPECT_TRUE(check('1'));
  EXPECT_FALSE(check('x'));
}

TEST(Error, DescribesWhereItHappenedOutermostFirst) {
  auto error = parse_digit('x').error();
  error = with_context(with_context(error, "append to Archive").error(), "account alice").error();
  EXPECT_EQ(error.describe(), "account alice: append to Archive: no digit");
}

}  // namespace
}  // namespace mailferry
