#include "sync/carry/keyword_care.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mailferry::sync {
namespace {

const std::string kFits(50, 'a');
const std::string kLong(51, 'b');

Flags flags(const std::string& text) {
  return Flags::from_string(text);
}

TEST(KeywordCare, WhatIsKept) {
  const auto all = flags("\\Seen $X " + kFits + " " + kLong);

  EXPECT_EQ(keep_keywords(all, KeywordsKept::all), all);
  EXPECT_EQ(keep_keywords(all, KeywordsKept::short_ones), flags("\\Seen $X " + kFits));
  EXPECT_EQ(keep_keywords(all, KeywordsKept::none), flags("\\Seen"));
}

TEST(KeywordCare, LongOnesGoFirst) {
  EXPECT_EQ(fewer_keywords(flags("$X " + kLong)), KeywordsKept::short_ones);
  EXPECT_EQ(fewer_keywords(flags("$X " + kFits)), KeywordsKept::none);
  EXPECT_EQ(fewer_keywords(flags(kLong)), KeywordsKept::none);
  EXPECT_EQ(fewer_keywords(flags("\\Seen")), std::nullopt);
}

TEST(KeywordCare, LongOnly) {
  EXPECT_TRUE(are_long_keywords(flags("\\Seen " + kLong)));
  EXPECT_FALSE(are_long_keywords(flags(kLong + " " + kFits)));
  EXPECT_FALSE(are_long_keywords(flags("\\Seen")));
}

}  // namespace
}  // namespace mailferry::sync
