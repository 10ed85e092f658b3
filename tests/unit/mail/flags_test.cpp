#include "mail/flags.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

TEST(Flags, SystemFlagsAreKnownInAnyCase) {
  const Flags flags = Flags::from_string("\\SEEN \\answered");
  EXPECT_TRUE(flags.has(SystemFlag::seen));
  EXPECT_TRUE(flags.has("\\Answered"));
  EXPECT_FALSE(flags.has(SystemFlag::draft));
  EXPECT_EQ(flags.to_string(), "\\Seen \\Answered");
}

TEST(Flags, IgnoresWhatNoMailboxCanStore) {
  for (const std::string_view name : {"\\Recent", "\\recent", "\\*", "\\", "", "a b", "a(b", "a\r\nb", "a\"b"}) {
    Flags flags;
    flags.add(name);
    EXPECT_TRUE(flags.empty()) << name;
  }
}

TEST(Flags, KeywordsCompareWithoutCaseAndKeepTheirFirstSpelling) {
  Flags flags;
  flags.add("$Forwarded");
  flags.add("$FORWARDED");
  EXPECT_EQ(flags.to_string(), "$Forwarded");
  EXPECT_TRUE(flags.has("$forwarded"));
  EXPECT_EQ(flags, Flags::from_string("$fOrWaRdEd"));
  flags.remove("$FORWARDED");
  EXPECT_TRUE(flags.empty());
}

TEST(Flags, KeepsUnknownNamesWithABackslash) {
  EXPECT_EQ(Flags::from_string("\\Important \\Seen").to_string(), "\\Seen \\Important");
}

TEST(Flags, MinusAndUnited) {
  const Flags left = Flags::from_string("\\Seen \\Flagged Work old");
  const Flags right = Flags::from_string("\\Seen WORK new");
  EXPECT_EQ(left.minus(right), Flags::from_string("\\Flagged old"));
  EXPECT_EQ(left.united(right).to_string(), "\\Seen \\Flagged new old Work");
}

TEST(Flags, ReadsTextWithManyBlanks) {
  EXPECT_EQ(Flags::from_string("  \\Seen   a ").to_string(), "\\Seen a");
}

TEST(PermanentFlags, AllIsStorableWhenTheServerDidNotSay) {
  const Flags wanted = Flags::from_string("\\Seen \\Draft Work");
  EXPECT_EQ(PermanentFlags{}.storable(wanted), wanted);
}

TEST(PermanentFlags, KeepsOnlyWhatIsListed) {
  const PermanentFlags permanent{.flags = Flags::from_string("\\Seen Work"), .new_keywords = false, .known = true};
  EXPECT_EQ(permanent.storable(Flags::from_string("\\Seen \\Draft WORK home")), Flags::from_string("\\Seen Work"));
}

TEST(PermanentFlags, NewKeywordsAreNotNewBackslashNames) {
  const PermanentFlags permanent{.flags = Flags::from_string("\\Seen"), .new_keywords = true, .known = true};
  EXPECT_EQ(permanent.storable(Flags::from_string("\\Seen home \\Important")), Flags::from_string("\\Seen home"));
}

}  // namespace
}  // namespace mailferry
