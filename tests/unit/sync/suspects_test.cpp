#include "sync/suspects.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

UidSet uids(const char* text) {
  return UidSet::parse(text).value();
}

Suspects::Break broke(const UidSet& unanswered, std::uint64_t accepted, ErrorKind kind = ErrorKind::network) {
  return {.unanswered = unanswered.size(), .accepted = accepted, .error = {.kind = kind, .message = "it is gone"}};
}

/// Sends what waits until all is accepted or blamed; the destination dies at each of `deadly`. How often it died.
int carry_on(Suspects& suspects, UidSet waiting, const UidSet& deadly, UidSet& blamed) {
  std::uint64_t accepted = 0;
  int broken = 0;
  while (!waiting.empty() && broken < 1000) {
    blamed.add(suspects.to_blame(suspects.among(waiting), accepted, 5));
    waiting.remove(blamed);
    if (waiting.empty()) break;
    auto group = waiting;
    group.remove(suspects.among(waiting));
    if (group.empty()) group = suspects.first_group(waiting);
    if (group.intersection(deadly).empty()) {
      waiting.remove(group);
      accepted += group.size();
    } else {
      ++broken;
      suspects.add_break(group, broke(group, accepted));
    }
  }
  return broken;
}

TEST(Suspects, OnceIsNoReasonToSuspectOneOfMany) {
  Suspects suspects;

  suspects.add_break(uids("1:100"), broke(uids("1:100"), 0));
  EXPECT_TRUE(suspects.among(uids("1:200")).empty());

  suspects.add_break(uids("51:150"), broke(uids("51:150"), 0));
  EXPECT_EQ(suspects.among(uids("1:200")), uids("51:100"));
}

TEST(Suspects, ASecondSilenceWouldBeOneTooMany) {
  Suspects suspects;

  suspects.add_break(uids("1:100"), broke(uids("1:100"), 0, ErrorKind::timeout));

  EXPECT_EQ(suspects.among(uids("1:200")), uids("1:100"));
}

TEST(Suspects, OneAmongThousandsIsFoundInAFewSteps) {
  for (const Uid deadly : {1U, 2U, 7777U, 15999U, 16000U}) {
    SCOPED_TRACE(deadly);
    Suspects suspects;
    UidSet blamed;

    const int broken = carry_on(suspects, uids("1:16000"), UidSet(UidRange{deadly, deadly}), blamed);

    EXPECT_EQ(blamed, UidSet(UidRange{deadly, deadly}));
    EXPECT_LE(broken, 10);
  }
}

TEST(Suspects, EachOfSeveralIsFound) {
  Suspects suspects;
  UidSet blamed;

  carry_on(suspects, uids("1:500"), uids("3,4,100,499"), blamed);

  EXPECT_EQ(blamed, uids("3,4,100,499"));
}

TEST(Suspects, NobodyIsBlamedWhereNothingIsAccepted) {
  Suspects suspects;
  const auto all = uids("1:3");
  for (const char* each : {"1", "2", "3"}) {
    for (int time = 0; time < 4; ++time)
      suspects.add_break(uids(each), broke(uids(each), 7));
  }

  EXPECT_TRUE(suspects.to_blame(all, 7, 5).empty());
  EXPECT_EQ(suspects.to_blame(all, 8, 5), all);
  EXPECT_EQ(suspects.to_blame(all, 7, 4), all) << "the last resort";
}

TEST(Suspects, BetweenTwoAttemptsWithOneAllOthersHaveTheirTurn) {
  Suspects suspects;
  suspects.add_break(uids("1:3"), broke(uids("1:3"), 0));
  suspects.add_break(uids("1:3"), broke(uids("1:3"), 0));
  ASSERT_EQ(suspects.first_group(uids("1:3")), uids("3"));

  suspects.add_break(uids("3"), broke(uids("3"), 0));
  EXPECT_EQ(suspects.first_group(uids("1:3")), uids("2"));

  suspects.clear(2);
  suspects.clear(1);
  EXPECT_EQ(suspects.among(uids("1:3")), uids("3"));
}

TEST(Suspects, WhatWasBlamedOnceIsBlamedAtOnceByTheNextRun) {
  Suspects before;
  for (int time = 0; time < 3; ++time)
    before.add_break(uids("5"), broke(uids("5"), 0));
  Suspects suspects;

  suspects.add_blamed({{.source = 5, .reason = before.blame(5).describe()}, {.source = 6, .reason = "too large"}});
  EXPECT_EQ(suspects.among(uids("1:9")), uids("5"));
  EXPECT_TRUE(suspects.to_blame(uids("5"), 0, 5).empty());

  suspects.add_break(uids("5"), broke(uids("5"), 0));
  EXPECT_EQ(suspects.to_blame(uids("5"), 0, 5), uids("5"));
}

}  // namespace
}  // namespace mailferry::sync
