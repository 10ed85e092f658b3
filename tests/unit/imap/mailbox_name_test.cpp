#include "imap/syntax/mailbox_name.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mailferry::imap {
namespace {

struct Pair {
  std::string name;
  std::string utf8;
  std::string wire;
};

void PrintTo(const Pair& pair, std::ostream* out) {
  *out << pair.name;
}

class MailboxNamePair : public ::testing::TestWithParam<Pair> {};

TEST_P(MailboxNamePair, IsEncoded) {
  EXPECT_EQ(encode_mutf7(GetParam().utf8).value(), GetParam().wire);
}
TEST_P(MailboxNamePair, IsDecoded) {
  EXPECT_EQ(decode_mutf7(GetParam().wire).value(), GetParam().utf8);
}

INSTANTIATE_TEST_SUITE_P(
    All, MailboxNamePair,
    ::testing::Values(Pair{"Empty", "", ""}, Pair{"Ascii", "Sent Items/2024~", "Sent Items/2024~"},
                      Pair{"Ampersand", "Q&A", "Q&-A"}, Pair{"AmpersandInShift", "ä&ä", "&AOQ-&-&AOQ-"},
                      Pair{"Rfc3501", "~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
                      Pair{"OneUnit", "Entwürfe", "Entw&APw-rfe"}, Pair{"TwoUnits", "äö", "&AOQA9g-"},
                      Pair{"ThreeUnits", "äöü", "&AOQA9gD8-"}, Pair{"SurrogatePair", "😀", "&2D3eAA-"},
                      Pair{"HyphenAfterShift", "ä-", "&AOQ--"}, Pair{"Slash", "ä/ö", "&AOQ-/&APY-"},
                      Pair{"Control", "a\x01\x7f", "a&AAEAfw-"}, Pair{"LastCodePoint", "\xf4\x8f\xbf\xbf", "&2,,f,w-"}),
    [](const auto& row) { return row.param.name; });

class BadWireName : public ::testing::TestWithParam<std::string> {};

TEST_P(BadWireName, IsRefused) {
  const auto decoded = decode_mutf7(GetParam());

  ASSERT_FALSE(decoded.has_value()) << *decoded;
  EXPECT_EQ(decoded.error().kind, ErrorKind::protocol);
  EXPECT_EQ(decoded.error().scope, Scope::mailbox);
}

INSTANTIATE_TEST_SUITE_P(All, BadWireName,
                         ::testing::Values("&", "a&AOQ", "&AOQ", "\xc3\xa4", "a\x01", "a\x7f", "&AGE-", "&AOR-",
                                           "&AOQA-", "&A-", "&AOQ-&APY-", "&2D0-", "&3gA-", "&2D0AYQ-", "&AO/-",
                                           "&AO Q-", "&AAAAAA=-", "&ACY-", "&AOQAYQ-"));

class BadUtf8Name : public ::testing::TestWithParam<std::string> {};

TEST_P(BadUtf8Name, IsRefusedAsUsageError) {
  const auto encoded = encode_mutf7(GetParam());

  ASSERT_FALSE(encoded.has_value()) << *encoded;
  EXPECT_EQ(encoded.error().kind, ErrorKind::usage);
  EXPECT_EQ(encoded.error().scope, Scope::mailbox);
}

INSTANTIATE_TEST_SUITE_P(All, BadUtf8Name,
                         ::testing::Values("\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                           "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "ok\xff", "\xe2\x82", "\xc3("));

TEST(MailboxName, KeepsNulInsideAShift) {
  const std::string name("a\0b", 3);

  EXPECT_EQ(encode_mutf7(name).value(), "a&AAA-b");
  EXPECT_EQ(decode_mutf7("a&AAA-b").value(), name);
}

TEST(DisplayName, DecodesWhatCanBeDecoded) {
  EXPECT_EQ(display_name("Entw&APw-rfe"), "Entwürfe");
}
TEST(DisplayName, EscapesWhatCannotBeDecoded) {
  EXPECT_EQ(display_name("a&b\xe4\n"), "a&b\\xE4\\x0A");
}
TEST(DisplayName, ShowsTheRawNameWhenTheDecodedOneWouldCommandATerminal) {
  EXPECT_EQ(display_name("&ABs-[2J"), "&ABs-[2J");
  EXPECT_EQ(display_name("&IC4-gnp"), "&IC4-gnp");
}

RC_GTEST_PROP(MailboxName, RoundTripsEveryUnicodeName, (const std::vector<std::uint32_t>& numbers)) {
  std::string name;
  for (const auto number : numbers) {
    const char32_t code_point = number % 3 == 0 ? number % 0x80 : number % 0x110000;
    if (code_point < 0xd800 || code_point > 0xdfff) append_utf8(name, code_point);
  }

  const auto wire = encode_mutf7(name);

  RC_ASSERT(wire.has_value());
  RC_ASSERT(decode_mutf7(*wire).value() == name);
}

}  // namespace
}  // namespace mailferry::imap
