// Where mailboxes go when a run comes after others: the copies of before must not be made once more.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

Mail right_of(CopyWorld& world) {
  return to_mail(world.right().account);
}

/// Copied to Sent, before the owner marked another mailbox as the one for sent mail.
void move_the_use(CopyWorld& world) {
  world.left().account.mailboxes.at(path("Sent")).use = SpecialUse::sent;
  EXPECT_TRUE(run_copy(world).report.complete());
  world.right().account.mailboxes.at(path("Sent")).use = SpecialUse::none;
  world.right().account.create(path("Sent Items"), SpecialUse::sent);
}

TEST(CopyPlaces, AMailboxStaysWhereItsMailIs) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"Sent", "a b:S ?c"}}, {}, variant.behaviour);
    move_the_use(world);

    EXPECT_TRUE(run_copy(world).nothing_to_do);
    world.apply("left Sent + d");
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"INBOX", ""}, {"Sent", "a b:S ?c d"}, {"Sent Items", ""}}));
  }
}

TEST(CopyPlaces, AMailboxWhosePlaceIsGoneIsPlacedAfresh) {
  CopyWorld world({{"Sent", "a b:S"}}, {}, {});
  move_the_use(world);
  world.apply("right Sent drop");

  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", ""}, {"Sent Items", "a b:S"}}));
  EXPECT_TRUE(run_copy(world).nothing_to_do);
}

TEST(CopyPlaces, AMailboxThatWasMadeAnewOnEitherSideIsPlacedAfresh) {
  for (const std::string side : {"left", "right"}) {
    SCOPED_TRACE(side);
    CopyWorld world({{"Sent", "a b:S"}}, {}, {});
    move_the_use(world);
    world.apply(side + " Sent renumber");

    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world)["Sent Items"], "a b:S");
  }
}

TEST(CopyPlaces, AMapDecides) {
  CopyWorld world({{"Sent", "a b:S"}}, {}, {});
  move_the_use(world);

  EXPECT_TRUE(run_copy(world, {.map = {"Sent=Other"}}).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", ""}, {"Other", "a b:S"}, {"Sent", "a b:S"}, {"Sent Items", ""}}));
  EXPECT_TRUE(run_copy(world, {.map = {"Sent=Other"}}).nothing_to_do);
  EXPECT_TRUE(run_copy(world).nothing_to_do) << "it is where it found its own place";
}

TEST(CopyPlaces, AMailboxThatWentWhereAMapLedItStaysThere) {
  CopyWorld world({{"Sent", "a b:S"}}, {}, {});
  EXPECT_TRUE(run_copy(world, {.map = {"Sent=Sent"}}).report.complete());
  EXPECT_TRUE(run_copy(world).report.complete());
  move_the_use(world);

  EXPECT_TRUE(run_copy(world).nothing_to_do);
}

TEST(CopyPlaces, AMapOfARunThatWasKilledHoldsNoLonger) {
  CopyWorld world({{"Box", "a b:S"}}, {}, {});
  std::vector<Remains> remains;
  run_copy(world, {.commits = Commits::at_every_operation, .map = {"Box=Other"}, .remains = &remains});
  ASSERT_FALSE(remains.empty());
  for (const auto& killed : remains) {
    world.restore(killed);
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world)["Box"], "a b:S");
  }
}

TEST(CopyPlaces, AMapHoldsForARunAndNoLonger) {
  CopyWorld world({{"Box", "a b:S"}}, {}, {});

  EXPECT_TRUE(run_copy(world, {.map = {"Box=Other"}}).report.complete());
  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world)["Box"], "a b:S");
  EXPECT_EQ(right_of(world)["Other"], "a b:S");
}

TEST(CopyPlaces, ADestinationWithoutCaseHasAMailboxByAnySpelling) {
  CopyWorld world({{"Work", "a b:S"}, {"Work/Sub", "c"}}, {{"work", "b:S"}}, {});
  world.right().account.caseless = true;

  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", ""}, {"work", "b:S a"}, {"work/Sub", "c"}}));
  world.apply("right work - a");
  EXPECT_TRUE(run_copy(world).nothing_to_do) << "its owner removed it";
  world.apply("left Work + d");
  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", ""}, {"work", "b:S d"}, {"work/Sub", "c"}}));
}

TEST(CopyPlaces, NamesThatDifferInCaseAreToldApartWhereTheDestinationKnowsNone) {
  CopyWorld world({{"Work", "a"}, {"work", "b"}}, {{"WORK", ""}}, {});
  world.right().account.caseless = true;

  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", ""}, {"WORK", "a"}, {"work-2", "b"}}));
  EXPECT_TRUE(run_copy(world).nothing_to_do);
}

TEST(CopyPlaces, WhatCaseJoinedStaysTogether) {
  CopyWorld world({{"Work", "a"}, {"work", "b"}}, {}, {});
  world.right().account.caseless = true;

  EXPECT_TRUE(run_copy(world).report.complete());
  const auto joined = sorted({{"INBOX", ""}, {"Work", "a b"}});
  EXPECT_EQ(right_of(world), joined) << "nothing told of it";
  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), joined);
  EXPECT_TRUE(run_copy(world).nothing_to_do);
}

}  // namespace
}  // namespace mailferry::test
