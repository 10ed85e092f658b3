#include "plan/mailbox_pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::plan {
namespace {

using testing::ElementsAre;

MailboxPath path_of(std::string_view name) {
  return MailboxPath::split(name, '/');
}

MailboxPattern pattern_of(std::string_view text) {
  auto pattern = MailboxPattern::parse(text);
  EXPECT_TRUE(pattern) << text;
  return *pattern;
}

struct Case {
  std::string_view pattern;
  std::string_view path;
  bool matches;
};

class MailboxPatternMatches : public testing::TestWithParam<Case> {};

TEST_P(MailboxPatternMatches, AsDocumented) {
  const Case& c = GetParam();
  EXPECT_EQ(pattern_of(c.pattern).matches(path_of(c.path), SpecialUse::none), c.matches)
      << c.pattern << " on " << c.path;
}

INSTANTIATE_TEST_SUITE_P(Patterns, MailboxPatternMatches,
                         testing::Values(Case{"Work", "Work", true}, Case{"Work", "work", false},
                                         Case{"Work", "Work/2024", false}, Case{"Work/*", "Work", false},
                                         Case{"Work/*", "Work/2024", true}, Case{"Work/*", "Work/2024/Q1", true},
                                         Case{"Work/%", "Work/2024/Q1", false}, Case{"Work/%", "Work/2024", true},
                                         Case{"Work*", "Workshop", true}, Case{"Work*", "Work/2024", true},
                                         Case{"*", "a/b/c", true}, Case{"%", "a/b", false}, Case{"%", "a", true},
                                         Case{"*/Sent", "a/b/Sent", true}, Case{"*/Sent", "Sent", false},
                                         Case{"20??", "2024", true}, Case{"20??", "20/4", false},
                                         Case{"20??", "20245", false}, Case{"gr?n", "gr\xC3\xBCn", true},
                                         Case{"gr??n", "gr\xC3\xBCn", false}, Case{"inbox", "INBOX", true},
                                         Case{"InBox/*", "INBOX/a", true}, Case{"\\*", "*", true},
                                         Case{"\\*", "a", false}, Case{"a\\=b", "a=b", true}, Case{"a=b", "a=b", true},
                                         Case{"a\\\\b", "a\\b", true}, Case{"*a*b*c*", "xxaxxbxxcxx", true},
                                         Case{"*a*b*c*", "xxaxxcxxbxx", false}, Case{"a\\/b", "a/b", false}));

TEST(MailboxPattern, AnEscapedSlashIsPartOfOneName) {
  const MailboxPath one_level({"a/b"});
  EXPECT_TRUE(pattern_of("a\\/b").matches(one_level, SpecialUse::none));
  EXPECT_FALSE(pattern_of("a/b").matches(one_level, SpecialUse::none));
  EXPECT_TRUE(pattern_of("a%b").matches(one_level, SpecialUse::none));
}

TEST(MailboxPattern, ASpecialUseStandsForTheMailboxThatHasIt) {
  EXPECT_TRUE(pattern_of("\\trash").matches(path_of("Papierkorb"), SpecialUse::trash));
  EXPECT_FALSE(pattern_of("\\Trash").matches(path_of("Trash"), SpecialUse::none));
  EXPECT_TRUE(pattern_of("\\Inbox").matches(path_of("INBOX"), SpecialUse::none));
}

TEST(MailboxPattern, RefusesEmptyTextAndMeaninglessBackslashes) {
  for (const std::string_view text : {"", "a\\b", "a\\", "\\Nonsense"}) {
    const auto pattern = MailboxPattern::parse(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().kind, ErrorKind::usage);
    EXPECT_FALSE(pattern.error().remedy.empty());
  }
}

TEST(MailboxPattern, ManyWildcardsDoNotTakeForever) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "*a";
  EXPECT_FALSE(pattern_of(text).matches(MailboxPath({std::string(99, 'a') + "b"}), SpecialUse::none));
}

TEST(MapRule, CarriesWhatTheWildcardsStoodForIntoTheTarget) {
  const auto rule = MapRule::parse(
      "%/20?"
      "?/*=Old/%-?/*");
  ASSERT_TRUE(rule);
  const auto captures = rule->from.capture(path_of("Work/2024/a/b"), SpecialUse::none);
  ASSERT_TRUE(captures);
  EXPECT_EQ(captures->size(), 4U);
  EXPECT_THAT(rule->to.fill(*captures).components(), ElementsAre("Old", "Work-2", "4"));
}

TEST(MapRule, AStarCarriesLevels) {
  const auto rule = MapRule::parse("Work/*=Old/*");
  ASSERT_TRUE(rule);
  const auto captures = rule->from.capture(path_of("Work/a/b"), SpecialUse::none);
  ASSERT_TRUE(captures);
  EXPECT_THAT(rule->to.fill(*captures).components(), ElementsAre("Old", "a", "b"));
}

TEST(MapRule, SplitsAtTheFirstEqualsSignThatIsNotEscaped) {
  const auto rule = MapRule::parse("a\\=b=c=d");
  ASSERT_TRUE(rule);
  EXPECT_TRUE(rule->from.matches(path_of("a=b"), SpecialUse::none));
  EXPECT_THAT(rule->to.fill({}).components(), ElementsAre("c=d"));
}

TEST(MapRule, RefusesRulesThatCannotWork) {
  for (const std::string_view text : {"", "a", "a=", "=b", "a\\=b", "a=*", "*=**", "a=\\Sent"}) {
    const auto rule = MapRule::parse(text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().kind, ErrorKind::usage) << text;
  }
}

TEST(ToPatternText, ReadsBackAsTheSameMailboxOnly) {
  const MailboxPath path({"a/b*", "50%\\?", "x=y"});
  EXPECT_EQ(to_pattern_text(path), "a\\/b\\*/50\\%\\\\\\?/x\\=y");
  EXPECT_TRUE(pattern_of(to_pattern_text(path)).matches(path, SpecialUse::none));
  EXPECT_EQ(pattern_of(to_pattern_text(path)).fill({}), path);
}

}  // namespace
}  // namespace mailferry::plan
