#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace mailferry {
namespace {

TEST(Utf8, AcceptsTheEndsOfEachLength) {
  for (const std::string_view text : {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndBrokenSequences) {
  for (const std::string_view text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF8\x88\x80\x80\x80", "\xC2", "\xE2\x82",
        "\xC2"
        "a",
        "\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(text));
  }
}

TEST(Utf8, WritesWhatItReads) {
  for (const char32_t character :
       {U'\0', U'a', U'\u0080', U'\u07FF', U'\u0800', U'\uFFFF', U'\U00010000', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(text, character);
    const auto read = decode_utf8(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->value, character);
    EXPECT_EQ(read->octets, text.size());
  }
}

TEST(Utf8, WritesTheReplacementForWhatIsNoCharacter) {
  std::string text;
  append_utf8(text, 0xD800);
  append_utf8(text, 0x110000);
  EXPECT_EQ(text, "\uFFFD\uFFFD");
}

TEST(SanitizeForTerminal, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(sanitize_for_terminal("Grüße, 東京 🙂"), "Grüße, 東京 🙂");
}

TEST(SanitizeForTerminal, DisarmsControlCharacters) {
  EXPECT_EQ(sanitize_for_terminal("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(sanitize_for_terminal("a\xC2\x9B"
                                  "31mb"),
            "a?31mb")
      << "CSI as one C1 character";
  EXPECT_EQ(sanitize_for_terminal("a\x9B"
                                  "31mb"),
            "a\uFFFD31mb")
      << "CSI as one octet";
  EXPECT_EQ(sanitize_for_terminal("a\x07\x08\x7f"), "a???");
  EXPECT_EQ(sanitize_for_terminal("a\tb\r\nc"), "a b  c");
  EXPECT_EQ(sanitize_for_terminal(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(sanitize_for_terminal("a\u202Egpj.exe\u2028"), "a?gpj.exe?");
}

TEST(SanitizeForTerminal, CutsAtCharactersNotOctets) {
  EXPECT_EQ(sanitize_for_terminal("äöü", 3), "äöü");
  EXPECT_EQ(sanitize_for_terminal("äöüß", 3), "äö…");
  EXPECT_EQ(sanitize_for_terminal("ab", 1), "…");
  EXPECT_EQ(sanitize_for_terminal("ab", 0), "");
  EXPECT_EQ(sanitize_for_terminal("", 0), "");
}

}  // namespace
}  // namespace mailferry
