#include "mail/message_identity.hpp"

#include "base/sha256.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace mailferry {
namespace {

constexpr std::string_view kHeader =
    "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    "Message-ID: <1@example.org>\r\n"
    "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    "From: Ann <ann@example.org>\r\n"
    "To: Bob <bob@example.org>\r\n"
    "Subject: a rather long subject\r\n"
    "X-Spam: no\r\n"
    "\r\n";

TEST(IdentifyHeaders, IsTheDigestOfTheDocumentedCanonicalForm) {
  Sha256 sha256;
  sha256.update("mailferry-identity-2\nmessage-id:<1@x>\nsubject:a b\nreceived:one\nreceived:two\n");
  const Sha256Sum expected = sha256.finish();

  const MessageIdentity identity =
      identify_headers("received: one\r\nSubject:  a\r\n\t b \r\nMESSAGE-ID:<1@x>\r\nReceived: two\r\n\r\n");

  EXPECT_TRUE(std::equal(identity.digest.begin(), identity.digest.end(), expected.begin()));
}

struct Variant {
  const char* name;
  std::string header;
};

class SameIdentity : public testing::TestWithParam<Variant> {};

TEST_P(SameIdentity, AsTheOriginal) {
  EXPECT_EQ(identify_headers(GetParam().header), identify_headers(kHeader));
}

std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kHeader);
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Variants, SameIdentity,
    testing::Values(Variant{"line_feeds_only", replaced("\r\n", "\n")},
                    Variant{"doubled_cr", replaced("\r\n\r\n", "\r\r\n\r\n")},
                    Variant{"refolded", replaced("long subject", "long\r\n subject")},
                    Variant{"folded_with_tab", replaced("long subject", "long\r\n\tsubject")},
                    Variant{"fold_line_of_blanks", replaced("long subject", "long\r\n \r\n subject")},
                    Variant{"blanks_at_end", replaced("subject\r\n", "subject  \t\r\n")},
                    Variant{"no_blank_after_colon", replaced("Subject: ", "Subject:")},
                    Variant{"upper_case_names", replaced("Message-ID", "MESSAGE-Id")},
                    Variant{"other_fields", replaced("X-Spam: no", "X-Spam: yes\r\nX-More: 1")},
                    Variant{"empty_field", replaced("X-Spam: no", "Cc: \r\nX-Spam: no")},
                    Variant{"no_final_blank_line", replaced("\r\n\r\n", "\r\n")},
                    Variant{"no_final_line_end", replaced("no\r\n\r\n", "no")},
                    Variant{"body_follows", std::string(kHeader) + "Subject: of the body\r\n"},
                    Variant{"envelope_line", "From ann@example.org Mon Jan 1 00:00:00 2024\r\n" + std::string(kHeader)},
                    Variant{"garbage_lines", replaced("X-Spam: no", "no colon here\r\n Subject: in its fold")},
                    Variant{"leading_fold", " Subject: fold of nothing\r\n" + std::string(kHeader)}),
    [](const auto& variant) { return variant.param.name; });

TEST(IdentifyHeaders, DiffersWhenAnIdentityFieldDiffers) {
  const MessageIdentity original = identify_headers(kHeader);
  EXPECT_NE(identify_headers(replaced("<1@", "<2@")), original);
  EXPECT_NE(identify_headers(replaced("long subject", "longsubject")), original);
  EXPECT_NE(identify_headers(replaced("To: Bob", "Cc: Bob")), original) << "the same value under another name";
  EXPECT_NE(identify_headers(replaced("Received", "X-Received")), original);
}

TEST(IdentifyHeaders, OrderOfReceivedFieldsCounts) {
  EXPECT_NE(identify_headers("Received: a\nReceived: b\n\n"), identify_headers("Received: b\nReceived: a\n\n"));
}

TEST(IdentifyHeaders, ValuesCannotBeShiftedBetweenFields) {
  EXPECT_NE(identify_headers("To: a\nCc: b\n\n"), identify_headers("To: a cc:b\n\n"));
  EXPECT_NE(identify_headers("To: a\nTo: b\n\n"), identify_headers("To: a b\n\n"));
}

TEST(IdentifyHeaders, NulDigestsLikeThe0x80ThatServersSendForIt) {
  using namespace std::string_view_literals;
  EXPECT_EQ(identify_headers("Subject: a\0b\n\n"sv), identify_headers("Subject: a\x80"
                                                                      "b\n\n"sv));
  EXPECT_NE(identify_headers("Subject: a\0b\n\n"sv), identify_headers("Subject: ab\n\n"sv));
}

TEST(IdentifyHeaders, EightBitOctetsAreAsGoodAsTheXThatIsStoredForThem) {
  EXPECT_EQ(identify_headers("Subject: gr\xfc\xdf\n\n"), identify_headers("Subject: grXX\n\n"));
  EXPECT_NE(identify_headers("Subject: gr\xfc\xdf\n\n"), identify_headers("Subject: grX\n\n"));
}

TEST(IdentifyHeaders, ABareCrIsAsGoodAsNothing) {
  EXPECT_EQ(identify_headers("Subject: a\rb c\r\n\r\n"), identify_headers("Subject: ab c\r\n\r\n"));
  EXPECT_EQ(identify_headers("Subject: a\r\r\n b\n\n"), identify_headers("Subject: a b\n\n"));
}

/// Asked for the field, some servers find it and others do not: it can only be left out.
TEST(IdentifyHeaders, AFieldWithABlankBeforeItsColonDoesNotCount) {
  EXPECT_EQ(identify_headers(replaced("Subject:", "Subject :")), identify_headers(replaced("Subject:", "X-Subject:")));
}

TEST(IdentifyHeaders, IsWeakWithoutMessageIdAndWithoutDateWithFrom) {
  EXPECT_TRUE(identify_headers("").weak);
  EXPECT_TRUE(identify_headers("Subject: x\nDate: now\n\n").weak);
  EXPECT_TRUE(identify_headers("Message-ID:\nFrom: a\n\n").weak);
  EXPECT_FALSE(identify_headers("Message-ID: <1>\n\n").weak);
  EXPECT_TRUE(identify_headers("Date: now\nFrom: a\n\n").weak);
  EXPECT_FALSE(identify_headers("Received: by a\n\n").weak);
}

TEST(IdentifyHeaders, SurvivesGarbage) {
  for (const std::string_view garbage :
       {":", "\n", "\r", "\r\n", ":\n:\n", " ", "\t\n", "\xff\xfe:", "Subject", "Subject:", "a:b"}) {
    EXPECT_TRUE(identify_headers(garbage).weak) << garbage;
  }
}

}  // namespace
}  // namespace mailferry
