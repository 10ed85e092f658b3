#include "mime/decoded_text.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace mailferry::mime {
namespace {

struct Case {
  std::string_view raw;
  std::string_view text;
};

class DecodeHeaderText : public testing::TestWithParam<Case> {};

TEST_P(DecodeHeaderText, GivesUtf8) {
  EXPECT_EQ(decode_header_text(GetParam().raw), GetParam().text);
}

// The first group is from RFC 2047 §8.
INSTANTIATE_TEST_SUITE_P(Rfc2047, DecodeHeaderText,
                         testing::Values(Case{"(=?ISO-8859-1?Q?a?=)", "(a)"}, Case{"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
                                         Case{"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
                                         Case{"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"},
                                         Case{"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
                                         Case{"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
                                         Case{"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>",
                                              "Keith Moore <moore@cs.utk.edu>"},
                                         Case{"=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"},
                                         Case{"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
                                              "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
                                              "If you can read this you understand the example."}));

INSTANTIATE_TEST_SUITE_P(
    Practice, DecodeHeaderText,
    testing::Values(Case{"", ""}, Case{"plain\r\n text", "plain text"}, Case{"=?utf-8?q?gr=C3=BCn?=", "grün"},
                    Case{"=?UTF-8?B?Z3LDvG4?=", "grün"}, Case{"=?utf-8?q?gr=C3?= =?utf-8?q?=BCn?=", "grün"},
                    Case{"=?utf-8*de?q?x?=", "x"}, Case{"=?windows-1252?q?=80?=", "€"},
                    Case{"=?iso-8859-1?q?=80?=", "€"}, Case{"=?KOI8-R?B?8NLJ18XU?=", "Привет"}, Case{"gr\xFCn", "grün"},
                    Case{"grün", "grün"}, Case{"=?x-unknown?q?a?=", "=?x-unknown?q?a?="},
                    Case{"=?x/y//IGNORE?q?a?=", "=?x/y//IGNORE?q?a?="}, Case{"=?utf-8?x?a?=", "=?utf-8?x?a?="},
                    Case{"=?utf-8?b?a*b?=", "=?utf-8?b?a*b?="}, Case{"=?utf-8?q?a", "=?utf-8?q?a"}, Case{"=?", "=?"},
                    Case{"=?utf-8?q?=ZZ=?=", "=ZZ="}, Case{"=?utf-8?q?=FF?=", "\xEF\xBF\xBD"},
                    Case{"=?windows-1255?q?=F9=EC=E5?=", "שלו"},
                    Case{"=?INTERNAL?b?ANgAAA==?=", "=?INTERNAL?b?ANgAAA==?="},
                    Case{"=?x-unknown?q?\xFC?=", "=?x-unknown?q?ü?="},
                    Case{"a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"}));

TEST(DecodeHeaderText, IsAlwaysValidUtf8AndBounded) {
  const std::string text = decode_header_text(std::string(1000000, '\xFC'));
  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_LE(text.size(), 3 * kMaxDecodedOctets);
}

}  // namespace
}  // namespace mailferry::mime
