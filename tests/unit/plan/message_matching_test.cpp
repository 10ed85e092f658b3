#include "plan/message_matching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mailferry::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Message {
  Uid uid;
  char identity;
  std::uint64_t octets = 100;
  bool weak = false;
};

IdentityList list_of(std::initializer_list<Message> messages) {
  IdentityList list;
  for (const Message& message : messages) {
    MessageIdentity identity;
    identity.digest.fill(static_cast<std::uint8_t>(message.identity));
    identity.weak = message.weak;
    list.add(message.uid, identity, message.octets);
  }
  return list;
}

BodyDigestOf body(Uid uid, char content) {
  BodyDigestOf digest{.uid = uid};
  digest.digest.fill(static_cast<std::uint8_t>(content));
  return digest;
}

std::vector<std::string> pairs(const MessageMatching& matching) {
  std::vector<std::string> text;
  for (const MatchedPair& pair : matching.matched)
    text.push_back(fmt::format("{}={}", pair.source, pair.destination));
  return text;
}

TEST(MessageMatching, BodiesDecideWhereAnIdentityIsAmbiguous) {
  const auto ambiguous = [](const Digest& digest) { return digest == list_of({{1, 'a'}}).entries()[0].digest; };
  const auto matching =
      match_messages(list_of({{1, 'a'}, {2, 'b'}}), list_of({{5, 'a'}, {6, 'b'}}), SizeEvidence::compare, ambiguous);
  EXPECT_EQ(matching.matched, (std::vector<MatchedPair>{{2, 6}}));
  EXPECT_EQ(matching.unsure_source_uids(), UidSet(UidRange{1, 1}));
  EXPECT_EQ(matching.unsure_destination_uids(), UidSet(UidRange{5, 5}));
}

TEST(MatchMessages, TellsMatchedMissingAndExtra) {
  const auto matching =
      match_messages(list_of({{1, 'a'}, {2, 'b'}, {3, 'c'}}), list_of({{9, 'b'}, {8, 'x'}, {7, 'a'}}));
  EXPECT_THAT(pairs(matching), ElementsAre("1=7", "2=9"));
  EXPECT_EQ(matching.missing.to_string(), "3");
  EXPECT_EQ(matching.extra.to_string(), "8");
  EXPECT_TRUE(matching.is_sure());
}

TEST(MatchMessages, EverythingIsMissingFromAnEmptyMailbox) {
  const auto matching = match_messages(list_of({{1, 'a', 1, true}, {3, 'a', 1, true}}), list_of({}));
  EXPECT_EQ(matching.missing.to_string(), "1,3");
  EXPECT_TRUE(matching.is_sure()) << "nothing is there that they could be confused with";
}

/// The destination may have one of them twice and lack the other.
TEST(MatchMessages, SeveralThatLookTheSameAreUnsureAlsoInEqualNumber) {
  const auto matching =
      match_messages(list_of({{1, 'a'}, {2, 'a'}, {3, 'b'}}), list_of({{6, 'a'}, {5, 'a'}, {7, 'b'}}));
  EXPECT_THAT(pairs(matching), ElementsAre("3=7"));
  EXPECT_EQ(matching.unsure_source_uids().to_string(), "1:2");
  EXPECT_EQ(matching.unsure_destination_uids().to_string(), "5:6");
}

/// Else what is copied for the two would put the third in doubt in the next run.
TEST(MatchMessages, TwoOfOneSizeLeaveTheOthersInDoubtToo) {
  const auto matching = match_messages(list_of({{1, 'a', 10}, {2, 'a', 20}, {3, 'a', 20}}),
                                       list_of({{5, 'a', 20}, {6, 'a', 20}, {7, 'a', 10}}));
  EXPECT_EQ(matching.unsure_source_uids().to_string(), "1:3");
}

TEST(MatchMessages, WithoutSizesAllOfOneIdentityAreUnsure) {
  const auto matching =
      match_messages(list_of({{1, 'a', 10}, {2, 'a', 20}}), list_of({{5, 'a'}, {6, 'a'}}), SizeEvidence::ignore);
  EXPECT_EQ(matching.unsure_source_uids().to_string(), "1:2");
}

TEST(MatchMessages, PairsBySizeWithinOneIdentity) {
  const auto matching = match_messages(list_of({{1, 'a', 10}, {2, 'a', 20}}), list_of({{5, 'a', 20}, {6, 'a', 10}}));
  EXPECT_THAT(pairs(matching), ElementsAre("1=6", "2=5"));
}

TEST(MatchMessages, DifferentSizesAreUnsure) {
  const auto matching = match_messages(list_of({{1, 'a', 10}}), list_of({{5, 'a', 11}}));
  EXPECT_FALSE(matching.is_sure());
  EXPECT_THAT(matching.matched, IsEmpty());
  EXPECT_EQ(matching.unsure_source_uids().to_string(), "1");
  EXPECT_EQ(matching.unsure_destination_uids().to_string(), "5");
}

TEST(MatchMessages, SizesDoNotCountWhenTheyAreNoEvidence) {
  EXPECT_TRUE(match_messages(list_of({{1, 'a', 10}}), list_of({{5, 'a', 11}}), SizeEvidence::ignore).is_sure());
}

TEST(MatchMessages, DifferentNumbersAreUnsure) {
  const auto matching = match_messages(list_of({{1, 'a'}, {2, 'a'}}), list_of({{5, 'a'}}));
  EXPECT_EQ(matching.unsure_source_uids().to_string(), "1:2");
  EXPECT_TRUE(matching.missing.empty());
}

TEST(MatchMessages, WeakIdentitiesAreUnsureOnEitherSide) {
  EXPECT_FALSE(match_messages(list_of({{1, 'a', 1, true}}), list_of({{5, 'a', 1, true}})).is_sure());
}

TEST(MatchMessages, HugeSizesAreCappedNotWrapped) {
  EXPECT_FALSE(match_messages(list_of({{1, 'a', 0x100000001}}), list_of({{5, 'a', 1}})).is_sure());
}

MessageMatching resolved(IdentityList source, IdentityList destination, std::vector<BodyDigestOf> source_bodies,
                         std::vector<BodyDigestOf> destination_bodies) {
  auto matching = match_messages(std::move(source), std::move(destination));
  EXPECT_FALSE(matching.is_sure());
  resolve(matching, std::move(source_bodies), std::move(destination_bodies));
  EXPECT_TRUE(matching.is_sure());
  return matching;
}

TEST(Resolve, EqualBodiesAreMatchedAsOftenAsTheyAreThere) {
  const auto matching = resolved(list_of({{1, 'a'}, {2, 'a'}, {3, 'a'}}), list_of({{5, 'a'}, {6, 'a'}}),
                                 {body(1, 'x'), body(2, 'x'), body(3, 'y')}, {body(6, 'x'), body(5, 'z')});
  EXPECT_THAT(pairs(matching), ElementsAre("1=6"));
  EXPECT_EQ(matching.missing.to_string(), "2:3");
  EXPECT_EQ(matching.extra.to_string(), "5");
}

TEST(Resolve, TrueDuplicatesInEqualNumberAreMatchedOneToOne) {
  const auto matching = resolved(list_of({{1, 'a'}, {2, 'a'}}), list_of({{6, 'a'}, {5, 'a'}}),
                                 {body(1, 'x'), body(2, 'x')}, {body(5, 'x'), body(6, 'x')});
  EXPECT_THAT(pairs(matching), ElementsAre("1=5", "2=6"));
}

TEST(Resolve, ADoubleOnTheDestinationStandsForNoOtherMessage) {
  const auto matching = resolved(list_of({{1, 'a'}, {2, 'a'}}), list_of({{5, 'a'}, {6, 'a'}}),
                                 {body(1, 'x'), body(2, 'y')}, {body(5, 'x'), body(6, 'x')});
  EXPECT_THAT(pairs(matching), ElementsAre("1=5"));
  EXPECT_EQ(matching.missing.to_string(), "2");
  EXPECT_EQ(matching.extra.to_string(), "6");
}

TEST(Resolve, EqualBodiesOfDifferentIdentitiesAreDifferentMessages) {
  const auto matching = resolved(list_of({{1, 'a', 10}, {2, 'b', 10}}), list_of({{5, 'a', 11}, {6, 'b', 11}}),
                                 {body(1, 'x'), body(2, 'y')}, {body(5, 'y'), body(6, 'x')});
  EXPECT_THAT(matching.matched, IsEmpty());
  EXPECT_EQ(matching.missing.to_string(), "1:2");
  EXPECT_EQ(matching.extra.to_string(), "5:6");
}

/// Source UIDs 1, 2, 3 are like destination UIDs 30, 10, 20.
Likeness crossed() {
  return {.source = [](Uid uid) { return uid; },
          .source_else = {},
          .destination = [](Uid uid) { return uid == 30 ? 1 : uid / 10 + 1; }};
}

TEST(Resolve, EqualMessagesThatAreAlikeBelongTogether) {
  auto matching = match_messages(list_of({{1, 7, 100}, {2, 7, 100}, {3, 7, 100}}),
                                 list_of({{10, 7, 100}, {20, 7, 100}, {30, 7, 100}}));
  resolve(matching, {body(1, 9), body(2, 9), body(3, 9)}, {body(10, 9), body(20, 9), body(30, 9)}, crossed());
  EXPECT_EQ(matching.matched, (std::vector<MatchedPair>{{1, 30}, {2, 10}, {3, 20}}));
}

TEST(Resolve, BodiesCountMoreThanLikeness) {
  auto matching = match_messages(list_of({{1, 7, 100}, {2, 7, 100}}), list_of({{10, 7, 100}, {30, 7, 100}}));
  resolve(matching, {body(1, 8), body(2, 9)}, {body(10, 8), body(30, 9)}, crossed());
  EXPECT_EQ(matching.matched, (std::vector<MatchedPair>{{1, 10}, {2, 30}}));
}

TEST(Resolve, TakesTheOneThatIsAlikeAndElseAnyOther) {
  const Digest body{9};
  auto matching = match_messages(list_of({{2, 7, 100}}), list_of({{10, 7, 100}, {20, 7, 100}}));
  resolve(
      matching, {{2, body}}, {{10, body}, {20, body}},
      {.source = [](Uid) { return 5; }, .source_else = {}, .destination = [](Uid uid) { return uid == 20 ? 5 : 6; }});
  EXPECT_EQ(matching.matched, (std::vector<MatchedPair>{{2, 20}}));
  EXPECT_EQ(matching.extra.to_string(), "10");
  matching = match_messages(list_of({{2, 7, 100}}), list_of({{10, 7, 100}, {20, 7, 100}}));
  resolve(matching, {{2, body}}, {{10, body}, {20, body}},
          {.source = [](Uid) { return 1; }, .source_else = {}, .destination = [](Uid uid) { return uid; }});
  EXPECT_EQ(matching.matched, (std::vector<MatchedPair>{{2, 10}}));
}

TEST(Resolve, KnowsASecondLikeness) {
  auto matching = match_messages(list_of({{2, 7, 100}}), list_of({{10, 7, 100}, {20, 7, 100}}));
  resolve(matching, {body(2, 9)}, {body(10, 9), body(20, 9)},
          {.source = [](Uid) { return 1; },
           .source_else = [](Uid) { return 20; },
           .destination = [](Uid uid) { return uid; }});
  EXPECT_EQ(matching.matched, (std::vector<MatchedPair>{{2, 20}}));
}

TEST(Resolve, WhatCouldNotBeReadIsNeverTakenForThere) {
  const auto matching = resolved(list_of({{1, 'a', 10}}), list_of({{5, 'a', 11}}), {}, {});
  EXPECT_EQ(matching.missing.to_string(), "1");
  EXPECT_EQ(matching.extra.to_string(), "5");
}

std::function<std::uint64_t(Uid)> sizes(std::map<Uid, std::uint64_t> octets) {
  return [octets = std::move(octets)](Uid uid) { return octets.at(uid); };
}

TEST(FindLookalikes, FindsWhatHasNearlyOneSize) {
  const auto matching =
      match_messages(list_of({{1, 'a'}, {2, 'b'}, {3, 'c'}, {4, 'd'}}), list_of({{7, 'x'}, {8, 'y'}, {9, 'd'}}));
  const auto found =
      find_lookalikes(matching, sizes({{1, 800}, {2, 100'000}, {3, 5000}}), sizes({{7, 830}, {8, 91'000}}));
  EXPECT_EQ(found.source.to_string(), "1:2");
  EXPECT_EQ(found.destination.to_string(), "7:8");
}

TEST(FindLookalikes, ThereAreNoneWhereOnlyOneSideHasMore) {
  const auto matching = match_messages(list_of({{1, 'a'}, {2, 'b'}}), list_of({{8, 'b'}}));
  const auto found = find_lookalikes(matching, sizes({{1, 100}}), {});
  EXPECT_TRUE(found.source.empty());
  EXPECT_TRUE(found.destination.empty());
}

TEST(DoubtLookalikes, OneDateMakesUnsure) {
  auto matching =
      match_messages(list_of({{1, 'a'}, {2, 'b'}, {3, 'c'}, {4, 'd'}}), list_of({{7, 'x'}, {8, 'y'}, {9, 'd'}}));
  doubt_lookalikes(matching, {{1, 60}, {2, 61}}, {{7, 61}});
  EXPECT_EQ(matching.unsure_source_uids().to_string(), "2");
  EXPECT_EQ(matching.unsure_destination_uids().to_string(), "7");
  EXPECT_EQ(matching.missing.to_string(), "1,3");
  EXPECT_EQ(matching.extra.to_string(), "8");

  resolve(matching, {body(2, 'm')}, {body(7, 'm')});
  EXPECT_THAT(pairs(matching), ElementsAre("2=7", "4=9"));
  EXPECT_EQ(matching.missing.to_string(), "1,3");
}

TEST(DoubtLookalikes, OtherBodiesAreOtherMessages) {
  auto matching = match_messages(list_of({{1, 'a'}}), list_of({{7, 'x'}}));
  doubt_lookalikes(matching, {{1, 60}}, {{7, 60}});
  resolve(matching, {body(1, 'm')}, {body(7, 'n')});
  EXPECT_THAT(pairs(matching), IsEmpty());
  EXPECT_EQ(matching.missing.to_string(), "1");
  EXPECT_EQ(matching.extra.to_string(), "7");
}

TEST(Resolve, AddsToWhatTheFirstStageFound) {
  const auto matching = resolved(list_of({{1, 'a', 10}, {2, 'b'}, {3, 'c'}}), list_of({{5, 'a', 11}, {6, 'b'}}),
                                 {body(1, 'x')}, {body(5, 'x')});
  EXPECT_THAT(pairs(matching), ElementsAre("1=5", "2=6"));
  EXPECT_EQ(matching.missing.to_string(), "3");
}

}  // namespace
}  // namespace mailferry::plan
