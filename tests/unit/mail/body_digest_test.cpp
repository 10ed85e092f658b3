// What counts for the digest of a body, and what does not because servers change it.
#include "mail/body_digest.hpp"

#include <gtest/gtest.h>

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

TEST(BodyDigest, DoesNotCountLineEnds) {
  const auto plain = digest_of({"one\r\ntwo\r\n"});

  EXPECT_EQ(digest_of({"one\ntwo"}), plain);
  EXPECT_EQ(digest_of({"one\rtwo\r\r\n\n"}), plain);
  EXPECT_EQ(digest_of({"onetwo"}), plain);
}

TEST(BodyDigest, TakesNulForWhatIsStoredInstead) {
  EXPECT_EQ(digest_of({std::string_view("a\0b", 3)}), digest_of({"a\x80"
                                                                 "b"}));
  EXPECT_NE(digest_of({std::string_view("a\0b", 3)}), digest_of({"ab"}));
}

TEST(BodyDigest, DoesNotDependOnThePieces) {
  EXPECT_EQ(digest_of({"on", "e\r", "\ntw", "", "o"}), digest_of({"one\r\ntwo"}));
}

TEST(BodyDigest, BeginsAnewWhenFinished) {
  BodyDigest digest;
  digest.update(std::string_view("one"));
  (void)digest.finish();
  digest.update(std::string_view("two"));

  EXPECT_EQ(digest.finish(), digest_of({"two"}));
}

}  // namespace
}  // namespace mailferry
