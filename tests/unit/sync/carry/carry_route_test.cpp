#include "sync/carry/carry_route.hpp"

#include "stores/memory/memory_store.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

class CarryRouteTest : public testing::Test {
 protected:
  CarryRouteTest() {
    route_.row.id = 7;
    route_.to = &to_;
  }

  state::Batch saved() {
    state::Batch batch;
    route_.save(batch);
    return batch;
  }

  asio::io_context io_;
  CarrySettings settings_;
  DestinationMailbox to_{MailboxPath({"INBOX"}), settings_, io_};
  CarryRoute route_;
};

TEST_F(CarryRouteTest, SavesWhatWasSettledOnce) {
  EXPECT_TRUE(route_.settle(UidRange{3, 5}));
  EXPECT_FALSE(route_.settle(UidRange{4, 4}));

  const auto batch = saved();

  ASSERT_EQ(batch.settled.size(), 1U);
  EXPECT_EQ(batch.settled.front().second.source, 3U);
  EXPECT_EQ(batch.settled.front().second.count, 3U);
  EXPECT_TRUE(saved().empty());
}

TEST_F(CarryRouteTest, RestsAsAWholeWhileItsMailboxIsNotReady) {
  const auto now = std::chrono::steady_clock::now();
  route_.put_off(4, now);
  EXPECT_FALSE(route_.rests(5, now));

  route_.unready_until = now + std::chrono::seconds(9);

  EXPECT_TRUE(route_.rests(5, now));
  EXPECT_EQ(route_.next_due(), route_.unready_until);
  EXPECT_FALSE(route_.rests(5, route_.unready_until));
}

TEST_F(CarryRouteTest, WhatIsGivenUpWhileItIsUnderWayIsNeverDueAgain) {
  route_.troubled[4] = {};
  route_.retried[4] = {.route = 7, .source = 4};

  route_.settle(UidRange{4, 4});
  route_.put_off(4, std::chrono::steady_clock::now());

  EXPECT_TRUE(route_.retried.empty());
  EXPECT_EQ(route_.next_due(), SteadyTime::max());
}

TEST_F(CarryRouteTest, WhatIsGoneFromTheSourceKeepsNoPlace) {
  route_.follows = true;
  for (const Uid uid : {1U, 2U, 3U}) {
    route_.place(uid, 10 * uid, {});
    route_.settle(UidRange{uid, uid});
  }
  EXPECT_EQ(saved().settled.size(), 3U);

  route_.unplace(UidSet(UidRange{1, 2}));

  EXPECT_EQ(route_.placed.size(), 1U);
  EXPECT_TRUE(route_.settled.contains(1));
  const auto batch = saved();
  ASSERT_EQ(batch.settled.size(), 1U);
  EXPECT_EQ(batch.settled.front().second.count, 2U);
  EXPECT_EQ(batch.settled.front().second.destination, 0U);
}

TEST_F(CarryRouteTest, MovesTheIntentOnOnlyWhenNothingIsDoubtful) {
  route_.intent = state::Intent{.route = 7, .source = UidSet(UidRange{1, 100}), .destination_from = 1};
  route_.doubtful.add(2);
  route_.settle(UidRange{1, 1});

  EXPECT_TRUE(saved().intents.empty());

  route_.settle(UidRange{2, 2});

  const auto batch = saved();
  ASSERT_EQ(batch.intents.size(), 1U);
  EXPECT_EQ(batch.intents.front().source.min(), 3U);
}

TEST_F(CarryRouteTest, LeavesTheIntentWhileTheDestinationIsInDoubt) {
  route_.intent = state::Intent{.route = 7, .source = UidSet(UidRange{1, 100}), .destination_from = 1};
  to_.doubt_from(1);
  route_.settle(UidRange{1, 1});

  EXPECT_TRUE(saved().intents.empty());
}

TEST_F(CarryRouteTest, SavesPlacesAndWhatIsBetweenThem) {
  route_.follows = true;
  Flags seen;
  seen.add(SystemFlag::seen);
  route_.place(3, 30, seen);
  route_.settle(UidRange{1, 5});

  const auto batch = saved();

  ASSERT_EQ(batch.settled.size(), 3U);
  EXPECT_EQ(batch.settled[0].second.count, 2U);
  EXPECT_EQ(batch.settled[0].second.destination, 0U);
  EXPECT_EQ(batch.settled[1].second.source, 3U);
  EXPECT_EQ(batch.settled[1].second.destination, 30U);
  EXPECT_EQ(batch.settled[1].second.flags, seen);
  EXPECT_EQ(batch.settled[2].second.source, 4U);
  EXPECT_EQ(batch.settled[2].second.count, 2U);
}

TEST_F(CarryRouteTest, RemembersNoPlacesUnlessItFollowsFlags) {
  route_.place(3, 30, {});

  EXPECT_TRUE(route_.placed.empty());
}

TEST_F(CarryRouteTest, SavesChangedFlagsInGroups) {
  route_.follows = true;
  Flags seen;
  seen.add(SystemFlag::seen);
  for (const Uid uid : {1U, 2U, 3U})
    route_.place(uid, uid + 10, uid == 2 ? Flags() : seen);
  route_.flags_unsaved = UidSet(UidRange{1, 3});

  const auto batch = saved();

  ASSERT_EQ(batch.flags.size(), 1U);
  EXPECT_EQ(batch.flags.front().second.size(), 2U);
  EXPECT_TRUE(saved().empty());
}

TEST_F(CarryRouteTest, IsDueForItsLabels) {
  EXPECT_EQ(route_.next_due(), SteadyTime::max());

  route_.want_labels(4);

  EXPECT_EQ(route_.next_due(), SteadyTime{});
}

TEST_F(CarryRouteTest, PutsOffWithoutBlame) {
  const auto later = SteadyTime{} + std::chrono::hours(1);

  route_.put_off(4, later);

  EXPECT_TRUE(route_.rests(4, SteadyTime{}));
  EXPECT_FALSE(route_.rests(4, later));
  EXPECT_EQ(route_.troubled.at(4).attempts, 0);
}

/// With a destination in memory, whose mailbox can be made anew.
class CarryRouteAnewTest : public CarryRouteTest {
 protected:
  CarryRouteAnewTest() {
    make_mailbox(1'000);
    look();
    route_.settle(UidRange{1, 1});
    route_.intend();
  }

  void make_mailbox(Uid uid_next) {
    server_->account.mailboxes.erase(to_.path());
    server_->account.create(to_.path()).uid_next = uid_next;
  }
  /// What a carrier does before it appends.
  void look() {
    to_.forget_prepared();
    const auto session = test::run_task(io_, store_.open_session()).value();
    const bool stopping = false;
    ASSERT_TRUE(test::run_task(io_, to_.make_ready(*session, {}, stopping)));
  }

  stores::memory::Network network_{io_};
  std::shared_ptr<stores::memory::Server> server_ =
      std::make_shared<stores::memory::Server>("archive", stores::memory::Behaviour{}, stores::memory::Account{});
  stores::memory::MemoryStore store_{network_, server_};
};

TEST_F(CarryRouteAnewTest, IntendsFromTheNextUidOn) {
  EXPECT_TRUE(route_.is_intended());
  EXPECT_EQ(route_.intent->destination_from, 1'000U);
}

TEST_F(CarryRouteAnewTest, MovesTheIntentBackWithAMailboxThatWasMadeAnew) {
  make_mailbox(3);
  look();
  route_.settle(UidRange{2, 2});

  EXPECT_FALSE(route_.is_intended());
  const auto batch = saved();

  ASSERT_EQ(batch.intents.size(), 1U);
  EXPECT_EQ(batch.intents.front().destination_from, 3U);
  EXPECT_TRUE(route_.is_intended());
}

TEST_F(CarryRouteAnewTest, NeverMovesTheIntentBackInTheSameMailbox) {
  route_.intent->destination_from = 2'000;
  route_.settle(UidRange{2, 2});

  EXPECT_EQ(saved().intents.front().destination_from, 2'000U);
}

TEST_F(CarryRouteAnewTest, LooksForWhatIsDoubtfulInAllOfAMailboxThatWasMadeAnew) {
  make_mailbox(3);
  look();
  route_.doubtful.add(2);
  route_.intend();

  EXPECT_EQ(route_.intent->destination_from, 1U);
}

TEST(WantedPause, IsWhatTheServerAsksForWhenItLimits) {
  Error error{.kind = ErrorKind::throttled,
              .scope = Scope::account,
              .retry = Retry::later,
              .retry_after = {},
              .message = "slow down, try again in 5 minutes",
              .remedy = {},
              .trail = {}};

  EXPECT_EQ(wanted_pause(error, 1), std::chrono::minutes(5));

  error.kind = ErrorKind::network;
  EXPECT_EQ(wanted_pause(error, 1).count(), 0);
}

}  // namespace
}  // namespace mailferry::sync
