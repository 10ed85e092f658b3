// What counts for the digest of a body, and what does not because servers change it.
#include "mail/body_digest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mailferry {
namespace {

Digest digest_of(std::initializer_list<std::string_view> pieces) {
  BodyDigest digest;
  for (const auto piece : pieces)
    digest.update(piece);
  return digest.finish();
}

TEST(BodyDigest, TellsTextsApart) {
  EXPECT_NE(digest_of({"one"}), digest_of({"two"}));
  EXPECT_NE(digest_of({"one"}), digest_of({""}));
  EXPECT_NE(digest_of({"a b"}), digest_of({"ab"}));
}

TEST(BodyDigest, TakesLineEndsInAnyForm) {
  const auto plain = digest_of({"one\r\ntwo\r\n"});

  EXPECT_EQ(digest_of({"one\ntwo"}), plain);
  EXPECT_EQ(digest_of({"o\rne\r\r\ntwo\r\r\n\n"}), plain);
  EXPECT_NE(digest_of({"one\n\ntwo"}), plain);
}

TEST(BodyDigest, CountsWhereLinesEnd) {
  EXPECT_NE(digest_of({"onetwo"}), digest_of({"one\r\ntwo"}));
  EXPECT_NE(digest_of({"A: b\n\n1\n23"}), digest_of({"A: b\n\n12\n3"}));
  EXPECT_NE(digest_of({"A: b\n\nc"}), digest_of({"A: b\nc"})) << "the end of the header";
  EXPECT_NE(digest_of({"\n\n\nc"}), digest_of({"\n\nc"})) << "no header at all";
  EXPECT_NE(digest_of({"a" + std::string(100, '\n') + "b"}), digest_of({"a" + std::string(99, '\n') + "b"}));
}

TEST(BodyDigest, TakesNulForWhatIsStoredInstead) {
  const auto stored = digest_of({"\r\na\x80", "b"});
  EXPECT_EQ(digest_of({std::string_view("\r\na\0b", 5)}), stored);
  EXPECT_NE(digest_of({"\r\nab"}), stored);
  EXPECT_NE(digest_of({"\r\naXb"}), stored);
}

TEST(BodyDigest, TakesEightBitOctetsOfTheHeaderForWhatIsStoredInstead) {
  const auto plain = digest_of({"Subject: grXX\r\n\r\nbody\xe9"});

  EXPECT_EQ(digest_of({"Subject: gr\xfc\xdf\r\n\r\nbody\xe9"}), plain);
  EXPECT_EQ(digest_of({"Subject: gr\xfc", "\xdf\n", "\nbody\xe9"}), plain);
  EXPECT_NE(digest_of({"Subject: gr\xfc\xdf\r\n\r\nbodyX"}), plain) << "not in the body";
}

TEST(BodyDigest, DoesNotDependOnThePieces) {
  EXPECT_EQ(digest_of({"on", "e\r", "\ntw", "", "o"}), digest_of({"one\r\ntwo"}));
}

TEST(BodyDigest, BeginsAnewWhenFinished) {
  BodyDigest digest;
  digest.update(std::string_view("one\n\n\xe9"));
  (void)digest.finish();
  digest.update(std::string_view("two"));

  EXPECT_EQ(digest.finish(), digest_of({"two"}));
}

}  // namespace
}  // namespace mailferry
