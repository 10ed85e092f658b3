// Who may deliver a message to a destination mailbox.
#include "sync/carry/known_messages.hpp"

#include <gtest/gtest.h>

namespace mailferry::sync {
namespace {

using std::chrono::seconds;

TEST(KnownMessages, HaveOneDelivererAtATimeAndTellSinceWhen) {
  KnownMessages known{std::chrono::hours(1)};
  const SteadyTime begin{seconds(1000)};
  const Digest one{1};
  const Digest other{2};

  EXPECT_FALSE(known.claim(one, begin));
  EXPECT_FALSE(known.claim(other, begin + seconds(1)));
  EXPECT_EQ(known.claim(one, begin + seconds(5)), begin);
  EXPECT_EQ(known.claim(one, begin + seconds(9)), begin) << "asking does not make it younger";

  known.release(one);
  EXPECT_FALSE(known.claim(one, begin + seconds(10)));
}

TEST(KnownMessages, RememberTheContentOfTheOneThatWasRead) {
  KnownMessages known{std::chrono::hours(1)};
  const Digest identity{1};
  known.add(identity, {.uid = 7, .octets = 100}, SteadyTime{});
  known.add(identity, {.uid = 8, .octets = 100}, SteadyTime{});

  known.note_body(identity, 8, Digest{9});
  for (const auto& message : known.find(identity))
    EXPECT_EQ(message.body, message.uid == 8 ? std::optional(Digest{9}) : std::nullopt);
}

TEST(KnownMessages, FindsWhatCameAtThatSecondAndIsAsLarge) {
  KnownMessages known{std::chrono::hours(1)};
  known.add(Digest{1}, {.uid = 7, .octets = 100, .seconds = 50}, SteadyTime{});
  known.add(Digest{2}, {.uid = 8, .octets = 103, .seconds = 50}, SteadyTime{});
  known.add(Digest{3}, {.uid = 9, .octets = 200, .seconds = 50}, SteadyTime{});
  known.add(Digest{4}, {.uid = 10, .octets = 100, .seconds = 51}, SteadyTime{});
  known.add(Digest{5}, {.uid = 11, .octets = 100}, SteadyTime{});

  const auto found = known.find_lookalikes(Digest{1}, 50, 101);
  ASSERT_EQ(found.size(), 1U) << "not itself, and nothing of another size or date";
  EXPECT_EQ(found.front().identity, Digest{2});
  EXPECT_EQ(found.front().message.uid, 8U);

  known.note_taken(Digest{2}, found.front().message);
  EXPECT_TRUE(known.find_lookalikes(Digest{1}, 50, 101).empty());
  EXPECT_EQ(known.find(Digest{2}).size(), 1U);
}

}  // namespace
}  // namespace mailferry::sync
