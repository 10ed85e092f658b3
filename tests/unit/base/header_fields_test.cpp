#include "base/header_fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mailferry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "name|value" for each field, the value as it stands.
std::vector<std::string> fields_of(std::string_view header) {
  std::vector<std::string> found;
  HeaderFields fields(header);
  while (const auto field = fields.next())
    found.push_back(std::string(field->name) + "|" + std::string(field->value));
  return found;
}

TEST(HeaderFields, KeepsFoldsInValues) {
  EXPECT_THAT(fields_of("A: 1\r\n b\r\nC:\r\n\tx\r\n\r\nbody: no"), ElementsAre("A| 1\r\n b\r\n", "C|\r\n\tx\r\n"));
}

TEST(HeaderFields, StepsOverGarbageWithItsContinuations) {
  EXPECT_THAT(fields_of(" lost\nFrom x\n folded: too\n: no name\nA : 1\nxyz"), ElementsAre("A| 1\n"));
}

TEST(HeaderFields, AColonOnAContinuationLineDoesNotMakeAField) {
  EXPECT_THAT(fields_of("abc\n d: e\n"), IsEmpty());
}

TEST(HeaderFields, EndsAtTheFirstEmptyLineOrTheEnd) {
  EXPECT_THAT(fields_of(""), IsEmpty());
  EXPECT_THAT(fields_of("\r\nA: 1"), IsEmpty());
  EXPECT_THAT(fields_of("A: 1"), ElementsAre("A| 1"));
  EXPECT_THAT(fields_of("A: 1\n\nB: 2"), ElementsAre("A| 1\n"));
}

TEST(Unfold, CollapsesBlanks) {
  EXPECT_EQ(unfold(" a\r\n\tb  c \r\n"), "a b c");
  EXPECT_EQ(unfold(" \r\n "), "");
}

TEST(FindField, TakesTheFirstInAnyCase) {
  EXPECT_EQ(find_field("To: a\nSUBJECT: x\n y\nSubject: z\n", "subject"), "x y");
  EXPECT_EQ(find_field("To: a\n", "Subject"), std::nullopt);
}

}  // namespace
}  // namespace mailferry
