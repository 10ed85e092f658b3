#include "imap/command/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mailferry::imap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CommandWriter writer(LiteralMode mode = LiteralMode::synchronizing) {
  return {"A1", mode};
}

struct StringCase {
  std::string name;
  std::string value;
  std::string astring;
  std::string string;
};

void PrintTo(const StringCase& row, std::ostream* out) {
  *out << row.name;
}

class WrittenString : public ::testing::TestWithParam<StringCase> {};

TEST_P(WrittenString, AsAString) {
  auto out = writer(LiteralMode::plus);
  EXPECT_THAT(out.atom("X").astring(GetParam().value).take().parts, ElementsAre("A1 X " + GetParam().astring + "\r\n"));
}

TEST_P(WrittenString, AsString) {
  auto out = writer(LiteralMode::plus);
  EXPECT_THAT(out.atom("X").string(GetParam().value).take().parts, ElementsAre("A1 X " + GetParam().string + "\r\n"));
}

INSTANTIATE_TEST_SUITE_P(All, WrittenString,
                         ::testing::Values(StringCase{"Atom", "INBOX", "INBOX", "\"INBOX\""},
                                           StringCase{"Empty", "", "\"\"", "\"\""},
                                           StringCase{"Blank", "Sent Items", "\"Sent Items\"", "\"Sent Items\""},
                                           StringCase{"Nil", "nil", "\"nil\"", "\"nil\""},
                                           StringCase{"Escapes", R"(a"b\c)", R"("a\"b\\c")", R"("a\"b\\c")"},
                                           StringCase{"Wildcard", "a*", "\"a*\"", "\"a*\""},
                                           StringCase{"Bracket", "a]", "\"a]\"", "\"a]\""},
                                           StringCase{"LineEnd", "a\r\nb", "{4+}\r\na\r\nb", "{4+}\r\na\r\nb"},
                                           StringCase{"EightBit", "\xc3\xa4", "{2+}\r\n\xc3\xa4", "{2+}\r\n\xc3\xa4"},
                                           StringCase{"Control", "\x01", "{1+}\r\n\x01", "{1+}\r\n\x01"},
                                           StringCase{"Tab", "a\tb", "\"a\tb\"", "\"a\tb\""}),
                         [](const auto& row) { return row.param.name; });

TEST(CommandWriter, WaitsAtEachSynchronizingLiteral) {
  auto out = writer();
  const auto command = out.atom("RENAME").mailbox("\xe4").mailbox("b\n").take();

  EXPECT_THAT(command.parts, ElementsAre("A1 RENAME {1}\r\n", "\xe4 {2}\r\n", "b\n\r\n"));
}

TEST(CommandWriter, WaitsWithLiteralMinusOnlyAbove4096Octets) {
  auto at_limit = writer(LiteralMode::minus);
  auto above = writer(LiteralMode::minus);

  EXPECT_EQ(at_limit.string(std::string(4096, '\n')).take().parts.size(), 1U);
  EXPECT_EQ(above.string(std::string(4097, '\n')).take().parts.size(), 2U);
}

TEST(CommandWriter, SendsLongStringsAsLiterals) {
  auto quoted = writer(LiteralMode::plus);
  auto literal = writer(LiteralMode::plus);

  EXPECT_EQ(quoted.string(std::string(1000, 'a')).take().parts[0].substr(3, 2), "\"a");
  EXPECT_EQ(literal.astring(std::string(1001, 'a')).take().parts[0].substr(3, 7), "{1001+}");
}

TEST(CommandWriter, RefusesNul) {
  auto out = writer(LiteralMode::plus);
  EXPECT_THAT(out.atom("LOGIN").astring("a").secret(std::string("b\0c", 3)).take().parts, IsEmpty());
}

TEST(CommandWriter, KeepsSecretsOutOfTheLog) {
  for (const std::string password : {"hunter2", "two words", "hunter\xe4", "hunter\nA2 LOGOUT"}) {
    auto out = writer();
    EXPECT_EQ(out.atom("LOGIN").astring("me").secret(password).take().log_text, "A1 LOGIN me ***");
  }
}

TEST(CommandWriter, LogsLiteralsOnOneLine) {
  auto out = writer();
  EXPECT_EQ(out.atom("CREATE").mailbox("a\r\nA2 \xe4").take().log_text, "A1 CREATE \"a\\\\x0D\\\\x0AA2 \\\\xE4\"");
}

TEST(CommandWriter, LeavesOutKeywordsThatAreNoAtoms) {
  Flags flags;
  flags.add("\\Seen");
  flags.add("$Label1");
  flags.add("two words");
  flags.add("a)b");
  flags.add("\\X Y");
  auto out = writer();

  EXPECT_THAT(out.atom("X").flags(flags).take().parts, ElementsAre("A1 X (\\Seen $Label1)\r\n"));
}

TEST(CommandWriter, WritesNestedLists) {
  auto out = writer();
  EXPECT_THAT(out.open().atom("A").open().close().list({"B", "C"}).close().number(7).take().parts,
              ElementsAre("A1 (A () (B C)) 7\r\n"));
}

TEST(CommandWriter, WritesSetsAndDates) {
  auto out = writer();
  EXPECT_THAT(out.uid_set(UidSet::parse("9,1:5").value()).uids_from(7).date(InternalDate{837596665, -420}).take().parts,
              ElementsAre("A1 1:5,9 7:* \"17-Jul-1996 02:44:25 -0700\"\r\n"));
}

using CommandWriterDeathTest = ::testing::Test;

TEST(CommandWriterDeathTest, EndsTheProcessWhenTextIsSplicedIn) {
  EXPECT_DEATH(writer().atom("NOOP\r\nA2 LOGOUT"), "not an atom");
  EXPECT_DEATH(writer().atom(""), "not an atom");
  EXPECT_DEATH(writer().atom("a\"b"), "not an atom");
  EXPECT_DEATH(writer().header_fields({"A)] X"}), "not a header field");
  EXPECT_DEATH(writer().attribute("Sent"), "not a mailbox attribute");
  EXPECT_DEATH(writer().uid_set({}), "empty UID set");
  EXPECT_DEATH(CommandWriter("A 1", LiteralMode::plus), "not a tag");
}

}  // namespace
}  // namespace mailferry::imap
