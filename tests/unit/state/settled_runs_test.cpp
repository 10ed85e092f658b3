#include "unit/state/journal_fixture.hpp"

namespace mailferry::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SettledRuns : public JournalFixture {};

TEST_F(SettledRuns, MergeInsideABatch) {
  settle({run(1, 1, 101), run(2, 2, 102), run(4, 1, 104)});

  EXPECT_THAT(settled(), ElementsAre("1+4>101"));
}

TEST_F(SettledRuns, MergeWithTheLastStoredRun) {
  settle({run(1, 3, 101)});
  settle({run(4, 2, 104)});
  reopen();
  settle({run(6, 1, 106)});

  EXPECT_THAT(settled(), ElementsAre("1+6>101"));
}

TEST_F(SettledRuns, MergeWhenSeveralConnectionsSettleInTurns) {
  settle({run(1, 1, 10), run(100, 1, 500), run(2, 1, 11), run(101, 1, 501), run(3, 1, 12)});

  EXPECT_THAT(settled(), ElementsAre("1+3>10", "100+2>500"));
}

TEST_F(SettledRuns, MergeWithBothNeighboursWhenAGapCloses) {
  settle({run(1, 2, 10), run(5, 2, 14)});
  settle({run(3, 2, 12)});

  EXPECT_THAT(settled(), ElementsAre("1+6>10"));
}

TEST_F(SettledRuns, StayApartWhereTheSourceSkips) {
  settle({run(1, 2, 10), run(4, 2, 12)});

  EXPECT_THAT(settled(), ElementsAre("1+2>10", "4+2>12"));
}

TEST_F(SettledRuns, StayApartWhereTheDestinationSkips) {
  settle({run(1, 2, 10), run(3, 2, 13)});

  EXPECT_THAT(settled(), ElementsAre("1+2>10", "3+2>13"));
}

TEST_F(SettledRuns, StayApartWhereTheFlagsDiffer) {
  settle({run(1, 2, 10, "\\Seen"), run(3, 2, 12), run(5, 1, 14, "\\Seen $Label1")});

  EXPECT_THAT(settled(), ElementsAre("1+2>10 \\Seen", "3+2>12", "5+1>14 \\Seen $Label1"));
}

TEST_F(SettledRuns, MergeWithoutDestinationUids) {
  settle({run(1, 2, 0), run(3, 2, 0)});
  settle({run(5, 1, 0)});
  settle({run(6, 1, 10)});
  settle({run(7, 1, 0)});

  EXPECT_THAT(settled(), ElementsAre("1+5>0", "6+1>10", "7+1>0"));
}

TEST_F(SettledRuns, DoNotMergeUidOneWithAnUnknownUid) {
  settle({run(1, 1, 0), run(2, 1, 1)});

  EXPECT_THAT(settled(), ElementsAre("1+1>0", "2+1>1"));
}

TEST_F(SettledRuns, OfManyRowsAreReadChangedAndForgottenAsOfOne) {
  constexpr Uid kMany = 1000;  // each a run of its own: several rows
  std::vector<SettledRun> runs;
  std::vector<std::string> expected;
  for (Uid uid = 1; uid <= kMany; ++uid) {
    runs.push_back(run(2 * uid, 1, uid, uid % 2 == 0 ? "\\Seen" : ""));
    const bool forgotten = uid >= 300 && uid <= 700;
    const bool flagged = uid <= 250;
    if (forgotten) continue;
    expected.push_back(fmt::format("{}+1>{}{}", 2 * uid, uid, flagged ? " x" : uid % 2 == 0 ? " \\Seen" : ""));
  }
  settle(runs);
  reopen();

  forget("600:1400");
  set_flags("1:500", "x");

  EXPECT_EQ(settled(route_, 7), expected);
  EXPECT_EQ(settled(route_, 4096), expected);
}

TEST_F(SettledRuns, FillAGapInTheMiddleOfARow) {
  settle({run(1, 1, 10), run(5, 1, 14, "x"), run(9, 1, 18)});
  settle({run(3, 1, 12)});
  settle({run(5, 2, 40)});

  EXPECT_THAT(settled(), ElementsAre("1+1>10", "3+1>12", "5+2>40", "9+1>18"));
}

TEST_F(SettledRuns, OfSeveralRoutesStayApart) {
  const RouteId other = add_route("Sent");
  apply(
      {.settled = {{route_, run(1, 1, 10)}, {other, run(2, 1, 11)}, {route_, run(2, 1, 11)}, {other, run(3, 1, 12)}}});

  EXPECT_THAT(settled(route_), ElementsAre("1+2>10"));
  EXPECT_THAT(settled(other), ElementsAre("2+2>11"));
}

TEST_F(SettledRuns, AreReplacedWhereTheyAreSettledAgain) {
  settle({run(1, 10, 100)});
  settle({run(4, 3, 500)});

  EXPECT_THAT(settled(), ElementsAre("1+3>100", "4+3>500", "7+4>106"));
}

TEST_F(SettledRuns, OfOneBatchCountInTheirOrderWhereTheyOverlap) {
  settle({run(5, 1, 50), run(1, 10, 100), run(3, 1, 33)});

  EXPECT_THAT(settled(), ElementsAre("1+2>100", "3+1>33", "4+7>103"));
}

TEST_F(SettledRuns, SplitWhereTheFlagsChange) {
  settle({run(1, 10, 100)});
  set_flags("3:4,10,12", "\\Seen");

  EXPECT_THAT(settled(), ElementsAre("1+2>100", "3+2>102 \\Seen", "5+5>104", "10+1>109 \\Seen"));
}

TEST_F(SettledRuns, MergeAgainWhenTheFlagsAreEqualAgain) {
  settle({run(1, 10, 100)});
  set_flags("3:4", "\\Seen");
  set_flags("3", "");
  set_flags("4", "");

  EXPECT_THAT(settled(), ElementsAre("1+10>100"));
}

TEST_F(SettledRuns, TakeFlagsAcrossGaps) {
  settle({run(1, 2, 100), run(5, 2, 200, "\\Flagged"), run(9, 2, 0)});
  set_flags("1:4294967295", "\\Seen");

  EXPECT_THAT(settled(), ElementsAre("1+2>100 \\Seen", "5+2>200 \\Seen", "9+2>0 \\Seen"));
}

TEST_F(SettledRuns, AreNotMadeByFlags) {
  set_flags("1:10", "\\Seen");

  EXPECT_THAT(settled(), IsEmpty());
}

TEST_F(SettledRuns, SplitWhereTheyAreForgotten) {
  settle({run(1, 10, 100, "\\Seen")});
  forget("1,4:5,10");

  EXPECT_THAT(settled(), ElementsAre("2+2>101 \\Seen", "6+4>105 \\Seen"));
}

TEST_F(SettledRuns, AreForgottenAcrossGaps) {
  settle({run(1, 2, 100), run(5, 2, 200), run(9, 2, 0)});
  forget("2:9");

  EXPECT_THAT(settled(), ElementsAre("1+1>100", "10+1>0"));
}

TEST_F(SettledRuns, MayBeForgottenAndSettledAnewInOneBatch) {
  settle({run(1, 5, 100)});
  apply({.settled = {{route_, run(2, 2, 900)}}, .forgotten = {{route_, uids("2:4")}}});

  EXPECT_THAT(settled(), ElementsAre("1+1>100", "2+2>900", "5+1>104"));
}

TEST_F(SettledRuns, ComeInPages) {
  settle({run(1, 1, 9), run(2, 1, 8), run(3, 1, 7), run(4, 1, 6), run(5, 1, 5)});

  EXPECT_THAT(settled(route_, 1), ElementsAre("1+1>9", "2+1>8", "3+1>7", "4+1>6", "5+1>5"));
  EXPECT_THAT(settled(route_, 2), ElementsAre("1+1>9", "2+1>8", "3+1>7", "4+1>6", "5+1>5"));
  EXPECT_THAT(settled(route_, 5), ElementsAre("1+1>9", "2+1>8", "3+1>7", "4+1>6", "5+1>5"));
}

TEST_F(SettledRuns, ThatGrewBetweenTwoPagesAreGoneOnWith) {
  settle({run(1, 10, 100)});
  const Uid next = 11;
  settle({run(11, 5, 110)});

  const std::vector<SettledRun> page = journal_->settled(route_, next).value();

  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].source, 11U);
  EXPECT_EQ(page[0].count, 5U);
  EXPECT_EQ(page[0].destination, 110U);
}

TEST_F(SettledRuns, BeginWithTheFirstForUidZero) {
  settle({run(1, 3, 100)});

  EXPECT_EQ(journal_->settled(route_, 0).value().size(), 1U);
}

TEST_F(SettledRuns, AreASetOfUids) {
  settle({run(1, 3, 100), run(4, 1, 0), run(9, 2, 300)});

  EXPECT_EQ(journal_->settled_uids(route_).value().to_string(), "1:4,9:10");
}

TEST_F(SettledRuns, ReachTheHighestUidThereCanBe) {
  settle({run(4294967293, 2, 4294967293)});
  settle({run(1, 1, 1)});

  EXPECT_THAT(settled(), ElementsAre("1+1>1", "4294967293+2>4294967293"));
  EXPECT_EQ(journal_->settled_uids(route_).value().to_string(), "1,4294967293:4294967294");
}

class ImpossibleRun : public JournalFixture, public ::testing::WithParamInterface<SettledRun> {};

TEST_P(ImpossibleRun, IsRefusedWithItsBatch) {
  Batch batch{.settled = {{route_, run(1, 1, 1)}, {route_, GetParam()}}};

  const Result<> applied = journal_->apply(pair_, batch);

  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, ErrorKind::protocol);
  EXPECT_THAT(settled(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Journal, ImpossibleRun,
                         ::testing::Values(run(0, 1, 1), run(1, 0, 1), run(4294967294, 2, 1), run(1, 2, 4294967294),
                                           run(1, 4294967295, 0)));

TEST_F(SettledRuns, OfFiftyThousandMessagesAreOneRow) {
  for (Uid first = 1; first <= 50'000; first += 500) {
    Batch batch;
    for (Uid uid = first; uid < first + 500; ++uid)
      batch.settled.emplace_back(route_, run(uid, 1, uid + 7));
    apply(batch);
  }

  EXPECT_THAT(settled(), ElementsAre("1+50000>8"));
}

}  // namespace
}  // namespace mailferry::state
