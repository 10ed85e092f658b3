#include "imap/response/response_code.hpp"

#include <gtest/gtest.h>

namespace mailferry::imap {
namespace {

TEST(ResponseCodeTable, NamesEveryCodeOnceAndFindsItAgain) {
  for (int value = 1; value < static_cast<int>(Code::other); ++value) {
    const auto code = static_cast<Code>(value);
    EXPECT_FALSE(code_name(code).empty()) << value;
    EXPECT_EQ(find_code(code_name(code)), code) << code_name(code);
  }
}

TEST(ResponseCodeTable, IgnoresCase) {
  EXPECT_EQ(find_code("TryCreate"), Code::try_create);
}

TEST(ResponseCodeTable, HasOtherForWhatIsUnknown) {
  EXPECT_EQ(find_code("XYZZY"), Code::other);
  EXPECT_EQ(find_code(""), Code::other);
}

TEST(FindCodeEnd, PassesOverBracketsInsideQuotesAndParentheses) {
  EXPECT_EQ(find_code_end("[ALERT] text]"), 6U);
  EXPECT_EQ(find_code_end("[X \"a]b\" c] t"), 10U);
  EXPECT_EQ(find_code_end("[X (a]b) c] t"), 10U);
  EXPECT_EQ(find_code_end("[X [a] c] t"), 8U);
}

TEST(FindCodeEnd, TakesTheFirstBracketWhenNothingBalances) {
  EXPECT_EQ(find_code_end("[X (a] t"), 5U);
  EXPECT_EQ(find_code_end("[X \"a] t"), 5U);
}

TEST(FindCodeEnd, FindsNoneWhereThereIsNone) {
  EXPECT_EQ(find_code_end("[ALERT text"), std::string_view::npos);
}

}  // namespace
}  // namespace mailferry::imap
