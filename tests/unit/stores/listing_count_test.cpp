#include "stores/imap/listing_count.hpp"

#include <gtest/gtest.h>

namespace mailferry::stores::imap {
namespace {

/// The listing tells of messages 1 to `last`, with UIDs ten times as high.
void list(ListingCount& count, std::uint32_t last) {
  for (std::uint32_t number = 1; number <= last; ++number)
    count.on_listed(number, number * 10);
}

TEST(ListingCount, WhatIsNotListedIsMissing) {
  ListingCount count(4, 41, false);
  EXPECT_EQ(count.missing(), 4U);
  list(count, 3);
  list(count, 3);  // a change of flags tells of them again
  EXPECT_EQ(count.missing(), 1U);
  count.on_listed(4, 40);
  EXPECT_EQ(count.missing(), 0U);
}

TEST(ListingCount, WhatIsExpungedBeforeItIsListedIsNotMissing) {
  ListingCount count(4, 41, false);
  list(count, 2);
  count.on_expunge(3);
  count.on_listed(3, 40);
  EXPECT_EQ(count.missing(), 0U);
}

TEST(ListingCount, WhatIsExpungedAfterItIsListedDoesNotMakeUpForAnother) {
  ListingCount count(4, 41, false);
  list(count, 3);
  count.on_expunge(1);
  EXPECT_EQ(count.missing(), 1U);
  count.on_expunge(1);  // was the second
  EXPECT_EQ(count.missing(), 1U);
  count.on_expunge(2);  // was the fourth
  EXPECT_EQ(count.missing(), 0U);
}

TEST(ListingCount, WhatArrivesDoesNotMakeUpForAnother) {
  ListingCount count(3, 31, false);
  list(count, 2);
  count.on_exists(4);
  count.on_listed(4, 31);
  EXPECT_EQ(count.missing(), 1U);
}

TEST(ListingCount, AnExpungeDoesNotHideAnArrival) {
  ListingCount count(3, 31, false);
  list(count, 2);
  count.on_expunge(1);
  count.on_exists(3);
  count.on_listed(3, 31);
  EXPECT_EQ(count.missing(), 1U);
}

/// Nothing was announced: its UIDNEXT is too low.
TEST(ListingCount, MessagesAboveAWrongUidNextCount) {
  ListingCount count(3, 11, false);
  list(count, 3);
  EXPECT_EQ(count.missing(), 0U);
}

TEST(ListingCount, WithoutAUidNextAnArrivalMayBeAnyOfTheListed) {
  ListingCount count(3, 0, false);
  list(count, 3);
  EXPECT_EQ(count.missing(), 0U);
  count.on_exists(4);
  EXPECT_EQ(count.missing(), 1U);
}

TEST(ListingCount, VanishedMessagesAreKnownByTheirUids) {
  ListingCount count(4, 41, false);
  list(count, 2);
  count.on_vanished(UidSet::parse("10,30").value());
  EXPECT_EQ(count.missing(), 1U);
}

TEST(ListingCount, WhatIsExpungedWhileASearchRunsLowersNothing) {
  ListingCount count(3, 31, true);
  count.on_expunge(1);
  count.on_found(UidSet::parse("20,30").value());
  count.on_expunge(1);
  EXPECT_EQ(count.missing(), 1U);
}

TEST(ListingCount, MoreThanWasCountedIsNotMissing) {
  ListingCount count(1, 0, true);
  count.on_found(UidSet::parse("1:4294967294").value());
  count.on_vanished(UidSet::parse("1:4294967294").value());
  count.on_expunge(4294967295U);
  EXPECT_EQ(count.missing(), 0U);
}

}  // namespace
}  // namespace mailferry::stores::imap
