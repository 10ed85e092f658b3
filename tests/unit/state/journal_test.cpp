#include "state/journal.hpp"

#include "state/schema.hpp"
#include "unit/state/journal_fixture.hpp"

#include <thread>

namespace mailferry::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class JournalTest : public JournalFixture {
 protected:
  /// Something that the journal itself would not write any more.
  void write(std::string_view sql) {
    journal_.reset();
    auto connection = db::Connection::open(file_, kStateFormat).value();
    ASSERT_TRUE(connection.prepare(sql).value().run());
  }
};

TEST_F(JournalTest, KnowsAPairAgain) {
  const PairId other = journal_->pair("alice@old.example:993", "bob@new.example:993").value();
  const PairId turned = journal_->pair("alice@new.example:993", "alice@old.example:993").value();

  EXPECT_NE(other, pair_);
  EXPECT_NE(turned, pair_);
  EXPECT_EQ(journal_->pair("alice@old.example:993", "alice@new.example:993").value(), pair_);
  EXPECT_EQ(journal_->pair("alice@old.example:993", "bob@new.example:993").value(), other);
}

TEST_F(JournalTest, FindsAPairByTheOtherPortOfEitherAccount) {
  for (const auto* source : {"alice@old.example:143", "alice@old.example:993"}) {
    for (const auto* destination : {"alice@new.example:143", "alice@new.example:993"}) {
      EXPECT_EQ(journal_->pair(source, destination).value(), pair_) << source << ' ' << destination;
      EXPECT_EQ(journal_->find_pair(source, destination).value(), pair_) << source << ' ' << destination;
    }
  }
  EXPECT_EQ(journal_->pairs().value().size(), 1U);
  EXPECT_NE(journal_->pair("alice@old.example:1143", "alice@new.example:993").value(), pair_);
}

TEST_F(JournalTest, FindsByTheOtherPortWhatWasRecordedForStartTls) {
  const PairId old = journal_->pair("bob@old.example:143", "bob@new.example:143").value();
  const PairId bridge = journal_->pair("bridge", "bob@new.example:143").value();
  reopen();

  EXPECT_EQ(journal_->pair("bob@old.example:993", "bob@new.example:993").value(), old);
  EXPECT_EQ(journal_->pair("bridge", "bob@new.example:993").value(), bridge);
}

TEST_F(JournalTest, OfTwoPairsOfTheSameAccountsTheOneWithTheseVeryKeysIsMeant) {
  // A file of a version that kept the ports apart.
  write(
      "INSERT INTO pair (source_account, destination_account) VALUES "
      "('alice@old.example:143', 'alice@new.example:993')");
  reopen();
  const auto both = journal_->pairs().value();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(journal_->pair("alice@old.example:143", "alice@new.example:993").value(), pair_)
      << "nothing is on record of the other";

  Batch batch{.notes = {{"since:INBOX", "1"}}};
  ASSERT_TRUE(journal_->apply(both.back().id, batch));

  EXPECT_EQ(journal_->pair("alice@old.example:143", "alice@new.example:993").value(), both.back().id);
  EXPECT_EQ(journal_->pair("alice@old.example:993", "alice@new.example:993").value(), pair_);
}

TEST_F(JournalTest, LooksForAPairWithoutMakingOne) {
  EXPECT_EQ(journal_->find_pair("nobody@old.example:993", "alice@new.example:993").value(), std::nullopt);
  EXPECT_EQ(journal_->pairs().value().size(), 1U);
}

TEST_F(JournalTest, ListsTheDestinationsOfASourceByEitherPort) {
  const auto pairs = journal_->pairs_from("alice@old.example:143").value();

  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs.front(), std::pair(pair_, std::string("alice@new.example:993")));
}

TEST_F(JournalTest, KeepsTheCheckpointOfARoute) {
  Route route = route_to("Archive/2024");
  route.source_uid_next = 4294967295;
  route.source_modseq = 9223372036854775807ULL;
  route.source_messages = 3;
  apply({.routes = {route}});
  reopen();

  const std::vector<Route> routes = journal_->routes(pair_).value();

  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[1].source_mailbox, "Archive/2024");
  EXPECT_EQ(routes[1].destination_mailbox, "Archive/2024");
  EXPECT_EQ(routes[1].source_validity, 11U);
  EXPECT_EQ(routes[1].destination_validity, 22U);
  EXPECT_EQ(routes[1].source_uid_next, 4294967295U);
  EXPECT_EQ(routes[1].source_modseq, 9223372036854775807ULL);
  EXPECT_EQ(routes[1].source_messages, 3U);
}

TEST_F(JournalTest, UpdatesOnlyTheCheckpointOfAKnownRoute) {
  Route route = route_to("Renamed");
  route.id = route_;
  route.source_uid_next = 77;
  apply({.routes = {route}});

  const std::vector<Route> routes = journal_->routes(pair_).value();

  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].source_mailbox, "INBOX");
  EXPECT_EQ(routes[0].source_uid_next, 77U);
}

TEST_F(JournalTest, GivesAKnownKeyItsIdAgain) {
  Route route = route_to("INBOX");
  route.source_messages = 5;
  Batch batch{.routes = {route_to("Sent"), route}};

  apply(batch);

  EXPECT_EQ(batch.routes[1].id, route_);
  EXPECT_NE(batch.routes[0].id, route_);
  EXPECT_EQ(journal_->routes(pair_).value()[0].source_messages, 5U);
}

TEST_F(JournalTest, TellsUidValiditiesApart) {
  Route source_changed = route_to("INBOX");
  source_changed.source_validity = 12;
  Route destination_changed = route_to("INBOX");
  destination_changed.destination_validity = 23;
  apply({.routes = {source_changed, destination_changed}});

  EXPECT_EQ(journal_->routes(pair_).value().size(), 3U);
}

TEST_F(JournalTest, RefusesARouteOfAnotherPair) {
  const PairId other = journal_->pair("x@a:1", "x@b:1").value();
  Route route = route_to("INBOX");
  route.id = route_;
  Batch batch{.routes = {route}};

  EXPECT_FALSE(journal_->apply(other, batch));
}

TEST_F(JournalTest, RefusesABatchForAnUnknownRouteAsAWhole) {
  Batch batch{.routes = {route_to("Sent")}, .settled = {{route_, run(1, 1, 1)}, {route_ + 999, run(1, 1, 1)}}};

  const Result<> applied = journal_->apply(pair_, batch);

  EXPECT_FALSE(applied);
  EXPECT_EQ(batch.routes[0].id, 0);
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_EQ(journal_->routes(pair_).value().size(), 1U);
}

TEST_F(JournalTest, HasInDoubtWhatIsIntendedAndNotSettled) {
  apply({.intents = {{route_, uids("1:10"), 500}}});
  settle({run(1, 3, 500), run(7, 1, 503)});
  reopen();

  EXPECT_THAT(in_doubt(), ElementsAre(fmt::format("{}: 4:6,8:10 from 500", route_)));
}

TEST_F(JournalTest, HasNothingInDoubtWhenAllIsSettled) {
  apply({.intents = {{route_, uids("1:10,20"), 500}}});
  settle({run(1, 30, 500)});

  EXPECT_THAT(in_doubt(), IsEmpty());
}

TEST_F(JournalTest, ReplacesTheIntentOfARoute) {
  apply({.intents = {{route_, uids("1:10"), 500}}});
  apply({.intents = {{route_, uids("8:12"), 507}}});

  EXPECT_THAT(in_doubt(), ElementsAre(fmt::format("{}: 8:12 from 507", route_)));
}

TEST_F(JournalTest, KeepsTheIntentsOfOtherRoutes) {
  const RouteId other = add_route("Sent");
  apply({.intents = {{route_, uids("1:3"), 5}, {other, uids("4"), 6}}});
  apply({.closed_intents = {route_}});

  EXPECT_THAT(in_doubt(), ElementsAre(fmt::format("{}: 4 from 6", other)));
}

TEST_F(JournalTest, ANewIntentSurvivesTheClosingOfTheOneBefore) {
  apply({.intents = {{route_, uids("1:3"), 5}}});
  apply({.intents = {{route_, uids("4:6"), 8}}, .closed_intents = {route_}});

  EXPECT_THAT(in_doubt(), ElementsAre(fmt::format("{}: 4:6 from 8", route_)));
}

TEST_F(JournalTest, AnIntentOfNothingClosesTheOneBefore) {
  apply({.intents = {{route_, uids("1:3"), 5}}});
  apply({.intents = {{route_, UidSet(), 8}}});

  EXPECT_THAT(in_doubt(), IsEmpty());
}

TEST_F(JournalTest, OtherPairsHaveTheirOwnDoubts) {
  apply({.intents = {{route_, uids("1:3"), 5}}});

  EXPECT_THAT(journal_->in_doubt(journal_->pair("x@a:1", "x@b:1").value()).value(), IsEmpty());
}

TEST_F(JournalTest, KeepsAnIntentOfManyRanges) {
  UidSet source;
  for (Uid uid = 1; uid < 200'000; uid += 2)
    source.add(uid);
  apply({.intents = {{route_, source, 1}}});
  settle({run(1, 1, 1)});
  reopen();

  const std::vector<Intent> intents = journal_->in_doubt(pair_).value();

  ASSERT_EQ(intents.size(), 1U);
  EXPECT_EQ(intents[0].source.size(), source.size() - 1);
}

TEST_F(JournalTest, KeepsWhyAMessageIsParked) {
  apply({.parked = {{route_, 7, "too \"big\"", "raise the limit", 1}, {route_, 9, "gone", "", 2}}});
  apply({.parked = {{route_, 7, "too big", "", 3}}});
  reopen();

  const std::vector<Parked> parked = journal_->parked(pair_).value();

  ASSERT_EQ(parked.size(), 2U);
  EXPECT_EQ(parked[0].source, 7U);
  EXPECT_EQ(parked[0].reason, "too big");
  EXPECT_EQ(parked[0].remedy, "");
  EXPECT_EQ(parked[0].attempts, 3);
  EXPECT_EQ(parked[1].route, route_);
  EXPECT_EQ(parked[1].reason, "gone");
}

TEST_F(JournalTest, UnparksBeforeItParks) {
  apply({.parked = {{route_, 7, "a", "", 1}, {route_, 8, "b", "", 1}, {route_, 11, "c", "", 1}}});
  apply({.parked = {{route_, 8, "again", "", 2}}, .unparked = {{route_, uids("7:10")}}});

  const std::vector<Parked> parked = journal_->parked(pair_).value();

  ASSERT_EQ(parked.size(), 2U);
  EXPECT_EQ(parked[0].reason, "again");
  EXPECT_EQ(parked[1].source, 11U);
}

TEST_F(JournalTest, KeepsNotesOfAPair) {
  apply({.notes = {{"slowest append", "1200"}, {"slowest append", "1300"}, {"empty", ""}}});
  reopen();

  EXPECT_EQ(journal_->note(pair_, "slowest append").value(), "1300");
  EXPECT_EQ(journal_->note(pair_, "empty").value(), "");
  EXPECT_EQ(journal_->note(pair_, "none").value(), std::nullopt);
}

TEST_F(JournalTest, AnEmptyBatchIsNothing) {
  Batch batch;

  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(journal_->apply(pair_, batch));
}

TEST_F(JournalTest, ReadersAndAWriterMayBeOnDifferentThreads) {
  constexpr Uid kMessages = 300;
  std::thread writer([this] {
    for (Uid uid = 1; uid <= kMessages; ++uid)
      settle({run(uid, 1, uid)});
  });
  std::uint64_t seen = 0;
  while (seen < kMessages) {
    const std::uint64_t now = journal_->settled_uids(route_).value().size();
    ASSERT_GE(now, seen);
    seen = now;
  }
  writer.join();

  EXPECT_THAT(settled(), ElementsAre("1+300>1"));
}

}  // namespace
}  // namespace mailferry::state
