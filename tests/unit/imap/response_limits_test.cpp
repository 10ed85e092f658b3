// What a peer can make us hold, at the limit and one off.
#include "unit/imap/response_rows.hpp"

#include <gtest/gtest.h>

namespace mailferry::imap {
namespace {

bool is_refused(const std::string& wire, const ParserLimits& limits) {
  const auto whole = print_events(Pieces{wire}, limits);
  EXPECT_EQ(print_events(cut_every(wire, 1), limits), whole);
  EXPECT_EQ(print_events(cut_every(wire, 7), limits), whole);
  return whole.ends_with("error\n");
}

/// "* OK …" of `octets` octets without the line end.
std::string line_of(std::size_t octets) {
  return "* OK " + std::string(octets - 5, 'x');
}

TEST(ResponseLimits, OfALine) {
  const ParserLimits limits{.line = 100};

  EXPECT_FALSE(is_refused(line_of(99) + "\r\n", limits));
  EXPECT_FALSE(is_refused(line_of(100) + "\r\n", limits));
  EXPECT_TRUE(is_refused(line_of(101) + "\r\n", limits));
  EXPECT_FALSE(is_refused(line_of(100) + "\n", limits));
  EXPECT_TRUE(is_refused(line_of(101) + "\n", limits));
}

TEST(ResponseLimits, OfALineThatDoesNotEnd) {
  const ParserLimits limits{.line = 100};

  EXPECT_FALSE(is_refused("* OK a " + std::string(94, 'x'), limits));  // the last may be a CR
  EXPECT_TRUE(is_refused("* OK a " + std::string(95, 'x'), limits));
}

TEST(ResponseLimits, OfAWordThatDoesNotEnd) {
  const ParserLimits limits{.line = 100, .number_list_line = 200};

  EXPECT_TRUE(is_refused(std::string(203, 'x'), limits));
}

TEST(ResponseLimits, AreWiderForListsOfNumbers) {
  const ParserLimits limits{.line = 40, .number_list_line = 60};
  const std::string numbers(60 - 17, '1');

  EXPECT_FALSE(is_refused("* VANISHED " + std::string(49, '1') + "\r\n", limits));
  EXPECT_TRUE(is_refused("* VANISHED " + std::string(50, '1') + "\r\n", limits));
  EXPECT_FALSE(is_refused("* search " + std::string(51, '1') + "\r\n", limits));
  EXPECT_FALSE(is_refused("* ESEARCH (TAG \"a\") ALL " + std::string(36, '1') + "\r\n", limits));
  EXPECT_FALSE(is_refused("A1 OK [COPYUID 1 " + numbers + "\r\n", limits));
  EXPECT_TRUE(is_refused("A1 OK [COPYUID 1 1" + numbers + "\r\n", limits));
  EXPECT_FALSE(is_refused("* OK [APPENDUID " + std::string(40, '1') + "\r\n", limits));
  EXPECT_TRUE(is_refused("* LIST () NIL " + std::string(27, 'x') + "\r\n", limits));
}

TEST(ResponseLimits, CountTheLinesOfOneResponseTogether) {
  // 24 octets before the literal, its line end among them, and 16 behind it.
  const std::string head = "* 1 FETCH (BODY[] {0}\r\n";
  const std::string tail = " UID 123456789)\r\n";

  EXPECT_FALSE(is_refused(head + tail, {.line = head.size() + tail.size() - 2}));
  EXPECT_TRUE(is_refused(head + tail, {.line = head.size() + tail.size() - 3}));
}

TEST(ResponseLimits, OfAHeldLiteral) {
  const ParserLimits limits{.held_literal = 5};

  EXPECT_FALSE(is_refused("* LIST () NIL {4}\r\nabcd\r\n", limits));
  EXPECT_FALSE(is_refused("* LIST () NIL {5}\r\nabcde\r\n", limits));
  EXPECT_TRUE(is_refused("* LIST () NIL {6}\r\n", limits));
}

TEST(ResponseLimits, OfALiteralInABrokenFetch) {
  const ParserLimits limits{.held_literal = 5};

  EXPECT_FALSE(is_refused("* 1 FETCH UID BODY[] {5}\r\nabcde)\r\n", limits));
  EXPECT_TRUE(is_refused("* 1 FETCH UID BODY[] {6}\r\n", limits));
}

TEST(ResponseLimits, OfAWholeResponse) {
  const std::string response = "* X {10}\r\n0123456789 {10}\r\n0123456789\r\n";
  const auto octets = response.size() - 2;

  EXPECT_FALSE(is_refused(response, {.held_total = octets}));
  EXPECT_TRUE(is_refused(response, {.held_total = octets - 1}));
}

TEST(ResponseLimits, OfTheSizeOfALiteral) {
  EXPECT_FALSE(is_refused("* 1 FETCH (BODY[] {9223372036854775807}\r\n", {}));
  EXPECT_TRUE(is_refused("* 1 FETCH (BODY[] {9223372036854775808}\r\n", {}));
  EXPECT_TRUE(is_refused("* 1 FETCH (BODY[] {99999999999999999999999999}\r\n", {}));
}

std::string nested(int depth) {
  const auto times = static_cast<std::size_t>(depth);
  return std::string(times, '(') + std::string(times, ')');
}

TEST(ResponseLimits, OfDepth) {
  const ParserLimits limits{.depth = 4};

  EXPECT_FALSE(is_refused("* THREAD " + nested(3) + "\r\n", limits));
  EXPECT_FALSE(is_refused("* THREAD " + nested(4) + "\r\n", limits));
  EXPECT_TRUE(is_refused("* THREAD " + nested(5) + "\r\n", limits));
  EXPECT_FALSE(is_refused("* 1 FETCH (X " + nested(3) + ")\r\n", limits));
  EXPECT_TRUE(is_refused("* 1 FETCH (X " + nested(4) + ")\r\n", limits));
}

TEST(ResponseLimits, OfDepthBehindABody) {
  const ParserLimits limits{.depth = 4};
  const std::string head = "* 1 FETCH (BODY[] {0}\r\n X ";

  EXPECT_FALSE(is_refused(head + nested(3) + ")\r\n", limits));
  EXPECT_TRUE(is_refused(head + nested(4) + ")\r\n", limits));
}

TEST(ResponseLimits, OfDepthDoNotConcernWhatIsNotRead) {
  EXPECT_FALSE(is_refused("* XUNKNOWN " + nested(500) + "\r\n", {}));
  EXPECT_TRUE(is_refused("* NAMESPACE " + nested(500) + "\r\n", {}));
}

TEST(ResponseLimits, AllowAMillionNumbers) {
  std::string search = "* SEARCH";
  for (int number = 1; number <= 1000000; ++number)
    search += " " + std::to_string(number);

  EXPECT_TRUE(print_events(Pieces{search + "\r\n"}).ends_with(" 1000000)\n"));
}

TEST(ResponseLimits, AllowNumbersInFallingOrder) {
  std::string vanished = "* VANISHED 4000001";
  for (int number = 4000000 - 1; number > 3000000; number -= 2)
    vanished += "," + std::to_string(number);

  EXPECT_TRUE(print_events(Pieces{vanished + "\r\n"}).starts_with("vanished uids=3000001,3000003,"));
}

}  // namespace
}  // namespace mailferry::imap
