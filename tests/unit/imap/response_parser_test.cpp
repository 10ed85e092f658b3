// How octets get in and events get out: buffers, streamed bodies, errors. What responses mean is in the row tests.
#include "imap/response/response_parser.hpp"

#include "unit/imap/response_rows.hpp"

#include <algorithm>
#include <cstring>

namespace mailferry::imap {
namespace {

constexpr std::string_view kMessage = "* 1 FETCH (UID 5 BODY[] {10}\r\n0123456789)\r\n";

Event next_event(ResponseParser& parser) {
  auto polled = parser.poll();
  EXPECT_TRUE(polled.has_value() && *polled != nullptr);
  if (!polled || *polled == nullptr) return Continuation{"nothing"};
  return std::move(**polled);
}

bool has_nothing(ResponseParser& parser) {
  const auto polled = parser.poll();
  return polled.has_value() && *polled == nullptr;
}

void fill(ResponseParser& parser, std::string_view octets) {
  const auto room = parser.prepare(octets.size());
  ASSERT_GE(room.size(), octets.size());
  std::memcpy(room.data(), octets.data(), octets.size());
  parser.commit(octets.size());
}

TEST(ResponseParser, HasNothingBeforeAnything) {
  ResponseParser parser;

  EXPECT_TRUE(has_nothing(parser));
  EXPECT_EQ(parser.buffered(), 0U);
}

TEST(ResponseParser, GivesAtLeastTheRoomAskedFor) {
  ResponseParser parser;

  EXPECT_GE(parser.prepare(1).size(), 1U);
  EXPECT_GE(parser.prepare(5U << 20).size(), 5U << 20);
}

TEST(ResponseParser, ReadsWhatWasCommittedAndNotTheRestOfTheRoom) {
  ResponseParser parser;
  const auto room = parser.prepare(64);
  std::ranges::copy(std::string_view("* 3 EXISTS\r\n* 4 EXISTS\r\n"), room.begin());
  parser.commit(12);

  EXPECT_EQ(print_event(next_event(parser)), "exists 3");
  EXPECT_TRUE(has_nothing(parser));
}

TEST(ResponseParser, KeepsOctetsOverPrepare) {
  ResponseParser parser;
  fill(parser, "* 3 EXI");
  EXPECT_TRUE(has_nothing(parser));
  fill(parser, "STS\r\n");

  EXPECT_EQ(print_event(next_event(parser)), "exists 3");
}

TEST(ResponseParser, PointsChunksIntoTheBuffer) {
  ResponseParser parser;
  const auto room = parser.prepare(kMessage.size());
  std::ranges::copy(kMessage, room.begin());
  parser.commit(kMessage.size());
  (void)next_event(parser);  // BodyBegin

  const auto chunk = std::get<BodyChunk>(next_event(parser)).data;

  EXPECT_EQ(chunk.data(), room.data() + kMessage.find("0123"));
  EXPECT_EQ(std::string_view(chunk), "0123456789");
}

TEST(ResponseParser, GivesAChunkForEachPieceWithoutWaitingForTheWhole) {
  ResponseParser parser;
  parser.feed("* 1 FETCH (UID 5 BODY[] {10}\r\n012");

  const auto begin = std::get<BodyBegin>(next_event(parser));
  EXPECT_EQ(begin.section, "BODY[]");
  EXPECT_EQ(begin.size, 10U);
  EXPECT_EQ(begin.so_far->uid, 5U);
  EXPECT_EQ(print_event(next_event(parser)), "\"012\"");
  EXPECT_TRUE(has_nothing(parser));
  parser.feed("3456789");
  EXPECT_EQ(print_event(next_event(parser)), "\"3456789\"");
  EXPECT_EQ(print_event(next_event(parser)), "end");
  EXPECT_TRUE(has_nothing(parser));
  parser.feed(")\r\n");
  EXPECT_EQ(print_event(next_event(parser)), "fetch sequence=1 uid=5 BODY[] streamed");
}

std::string events_of(std::string_view wire) {
  return print_events({&wire, 1});
}

/// The form that is recognised at a glance, and the same in a spelling that is not.
TEST(ResponseParser, ReadsTheUsualFetchAsItReadsAllOthers) {
  const std::vector<std::string> items = {
      "",
      "UID 10 ",
      R"(FLAGS () UID 10 INTERNALDATE "17-Jul-1996 02:44:25 -0700" )",
      R"(UID 4294967295 FLAGS (\Seen $Label1 x) INTERNALDATE " 7-Jul-1996 02:44:25 -0700" )",
      R"(UID 4294967296 INTERNALDATE "no date of twenty-six xxx" )",
      R"(UID 7 FLAGS (\Seen "quoted" (x)) )",
      R"(FLAGS (\Seen) FLAGS (\Draft) )",
      R"(MODSEQ (5) UID 7 )",
      "UID  7 ",
  };
  for (const auto& before : items) {
    for (const std::string_view size : {"{3}", "{3+}", "~{3}", "{03}", "{0003}", "{3} "}) {
      const auto rest = fmt::format("{}BODY[] {}\r\nabc FLAGS (\\Answered))\r\n* 2 EXISTS\r\n", before, size);
      EXPECT_EQ(events_of("* 12 FETCH (" + rest), events_of("* 12 Fetch (" + rest)) << rest;
    }
  }
}

TEST(ResponseParser, StreamsALiteralLargerThanAnythingHeld) {
  ResponseParser parser({.held_literal = 10, .held_total = 200});
  parser.feed("* 1 FETCH (BODY[] {9000000000000000000}\r\n");

  EXPECT_EQ(std::get<BodyBegin>(next_event(parser)).size, 9000000000000000000U);
  for (int piece = 0; piece < 100; ++piece) {
    parser.feed(std::string(1000, 'x'));
    EXPECT_EQ(std::get<BodyChunk>(next_event(parser)).data.size(), 1000U);
  }
  EXPECT_TRUE(has_nothing(parser));
}

TEST(ResponseParser, KeepsItsBufferSmallWhileALongBodyPasses) {
  ResponseParser parser;
  parser.feed("* 1 FETCH (BODY[] {90000000}\r\n");
  (void)next_event(parser);
  std::size_t largest = 0;
  for (int read = 0; read < 1000; ++read) {
    const auto room = parser.prepare(64U << 10);
    largest = std::max(largest, room.size());
    std::ranges::fill(room.first(60000), 'x');
    parser.commit(60000);
    EXPECT_EQ(std::get<BodyChunk>(next_event(parser)).data.size(), 60000U);
  }

  EXPECT_LE(largest, 256U << 10);
}

TEST(ResponseParser, GivesMemoryBackAfterALargeResponse) {
  ResponseParser parser;
  std::string search = "* SEARCH";
  for (int number = 1; number < 500000; ++number)
    search += " " + std::to_string(number);
  parser.feed(search + "\r\n");
  EXPECT_EQ(std::get<SearchData>(std::get<UntaggedData>(next_event(parser))).numbers.size(), 499999U);

  EXPECT_LE(parser.prepare(1000).size(), 256U << 10);
}

TEST(ResponseParser, ReadsTheSameWhenPolledOnlyAtTheEnd) {
  ResponseParser parser;
  std::string expected;
  for (int message = 1; message <= 20000; ++message) {
    parser.feed("* " + std::to_string(message) + " EXISTS\r\n");
  }
  for (std::uint32_t message = 1; message <= 20000; ++message) {
    ASSERT_EQ(std::get<ExistsData>(std::get<UntaggedData>(next_event(parser))).count, message);
  }
  EXPECT_TRUE(has_nothing(parser));
}

TEST(ResponseParser, CountsWhatIsNotTurnedIntoEvents) {
  ResponseParser parser;
  parser.feed("A1 OK begin TLS\r\n* injected");
  EXPECT_EQ(parser.buffered(), 27U);
  (void)next_event(parser);

  EXPECT_EQ(parser.buffered(), 10U);
}

TEST(ResponseParser, ForgetsWhatCameBeforeTls) {
  ResponseParser parser;
  parser.feed("A1 OK begin TLS\r\n* 1 FETCH (BODY[] {10}\r\nabc");
  (void)next_event(parser);
  (void)next_event(parser);
  parser.discard_buffered();
  EXPECT_EQ(parser.buffered(), 0U);
  parser.feed("* 3 EXISTS\r\n");

  EXPECT_EQ(print_event(next_event(parser)), "exists 3");
}

TEST(ResponseParser, StaysInErrorAfterAnError) {
  ResponseParser parser({.line = 20});
  parser.feed("* OK this line is far too long for it\r\n* 3 EXISTS\r\n");

  EXPECT_FALSE(parser.poll().has_value());
  const auto again = parser.poll();
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind, ErrorKind::protocol);
  EXPECT_EQ(again.error().scope, Scope::account);
}

TEST(ResponseParser, CanBeMoved) {
  ResponseParser parser;
  parser.feed("* 3 EX");
  ResponseParser moved = std::move(parser);
  moved.feed("ISTS\r\n");

  EXPECT_EQ(print_event(next_event(moved)), "exists 3");
}

TEST(ResponseParser, HoldsSmallBodiesWhenAskedTo) {
  ParserLimits limits;
  limits.streamed_from = 4;

  expect_events("* 1 FETCH (BODY[] {3}\r\nabc UID 7)\r\n", {"fetch sequence=1 uid=7 BODY[]=\"abc\""}, limits);
  expect_events("* 1 FETCH (BODY[] {4}\r\nabcd)\r\n",
                {"begin BODY[] 4 after fetch sequence=1", "\"abcd\"", "end", "fetch sequence=1 BODY[] streamed"},
                limits);
}

// A message that is longer or shorter than announced is not delivered as if it were whole.
TEST(ResponseParser, RefusesABodyShorterThanAnnounced) {
  expect_events("* 1 FETCH (BODY[] {4}\r\nabc)\r\nA1 OK\r\n",
                {"begin BODY[] 4 after fetch sequence=1", "\"abc)\"", "end", "error"});
}
TEST(ResponseParser, RefusesABodyLongerThanAnnounced) {
  expect_events("* 1 FETCH (BODY[] {2}\r\nabc)\r\n",
                {"begin BODY[] 2 after fetch sequence=1", "\"ab\"", "end", "error"});
}
TEST(ResponseParser, RefusesABodyThatIsALineEndLongerThanAnnounced) {
  expect_events("* 1 FETCH (BODY[] {2}\r\nab\r\n)\r\n",
                {"begin BODY[] 2 after fetch sequence=1", "\"ab\"", "end", "error"});
}
TEST(ResponseParser, RefusesGarbageBehindABody) {
  expect_events("* 1 FETCH (BODY[] {2}\r\nab FLAGS \\Seen)\r\n",
                {"begin BODY[] 2 after fetch sequence=1", "\"ab\"", "end", "error"});
}
TEST(ResponseParser, RefusesASecondBodyInABrokenRest) {
  expect_events("* 1 FETCH (BODY[] {2}\r\nab FLAGS x BODY[TEXT] {3}\r\nabc)\r\n",
                {"begin BODY[] 2 after fetch sequence=1", "\"ab\"", "end", "error"});
}

TEST(ResponseParser, AdvisesANewConnectionAfterAWrongSize) {
  ResponseParser parser;
  parser.feed("* 1 FETCH (BODY[] {0}\r\nx)\r\n");
  (void)next_event(parser);
  (void)next_event(parser);

  const auto polled = parser.poll();

  ASSERT_FALSE(polled.has_value());
  EXPECT_EQ(polled.error().retry, Retry::now);
}

}  // namespace
}  // namespace mailferry::imap
