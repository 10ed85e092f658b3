// Matching drops nothing and takes nothing for there that is not.
#include "plan/message_matching.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace mailferry::plan {
namespace {

/// Few identities, sizes and bodies, so that all kinds of confusion are common.
struct Message {
  Uid uid;
  std::uint8_t identity;
  std::uint64_t octets;
  std::uint8_t content;
};
using Messages = std::vector<Message>;

rc::Gen<Messages> messages() {
  const auto message = rc::gen::apply(
      [](std::uint8_t identity, std::uint64_t octets, std::uint8_t content) {
        return Message{0, identity, octets, content};
      },
      rc::gen::inRange<std::uint8_t>(0, 5), rc::gen::inRange<std::uint64_t>(1, 3),
      rc::gen::inRange<std::uint8_t>(0, 3));
  return rc::gen::map(rc::gen::container<Messages>(message), [](Messages made) {
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i].uid = static_cast<Uid>(3 * i + 1);
    return made;
  });
}

/// Identity 0 is weak.
IdentityList list_of(const Messages& messages) {
  IdentityList list;
  for (const Message& message : messages) {
    MessageIdentity identity;
    identity.digest.fill(message.identity);
    identity.weak = message.identity == 0;
    list.add(message.uid, identity, message.octets);
  }
  return list;
}

std::vector<BodyDigestOf> bodies_of(const Messages& messages, const UidSet& asked) {
  std::vector<BodyDigestOf> bodies;
  for (const Message& message : messages) {
    if (!asked.contains(message.uid)) continue;
    BodyDigestOf body{.uid = message.uid};
    body.digest.fill(message.content);
    bodies.push_back(body);
  }
  return bodies;
}

MessageMatching matched(const Messages& source, const Messages& destination) {
  auto matching = match_messages(list_of(source), list_of(destination));
  resolve(matching, bodies_of(source, matching.unsure_source_uids()),
          bodies_of(destination, matching.unsure_destination_uids()));
  return matching;
}

std::multiset<Uid> uids(const UidSet& set) {
  std::multiset<Uid> found;
  for (const UidRange& range : set.ranges()) {
    for (Uid uid = range.first; uid <= range.last; ++uid)
      found.insert(uid);
  }
  return found;
}

std::multiset<Uid> uids(const Messages& messages) {
  std::multiset<Uid> found;
  for (const Message& message : messages)
    found.insert(message.uid);
  return found;
}

RC_GTEST_PROP(MatchingProperty, EveryMessageHasExactlyOneFate, ()) {
  const auto source = *messages();
  const auto destination = *messages();
  const auto first = match_messages(list_of(source), list_of(destination));
  auto here = uids(first.missing);
  auto there = uids(first.extra);
  for (const auto& pair : first.matched)
    here.insert(pair.source), there.insert(pair.destination);
  for (const auto& message : first.unsure_source)
    here.insert(message.uid);
  for (const auto& message : first.unsure_destination)
    there.insert(message.uid);
  RC_ASSERT(here == uids(source));
  RC_ASSERT(there == uids(destination));
}

RC_GTEST_PROP(MatchingProperty, ResolvingDropsNothing, ()) {
  const auto source = *messages();
  const auto destination = *messages();
  const auto matching = matched(source, destination);
  auto here = uids(matching.missing);
  auto there = uids(matching.extra);
  for (const auto& pair : matching.matched)
    here.insert(pair.source), there.insert(pair.destination);
  RC_ASSERT(matching.is_sure());
  RC_ASSERT(here == uids(source));
  RC_ASSERT(there == uids(destination));
}

RC_GTEST_PROP(MatchingProperty, WithoutBodiesTheUnsureAreMissing, ()) {
  const auto source = *messages();
  auto matching = match_messages(list_of(source), list_of(*messages()));
  auto expected = uids(matching.missing);
  expected.merge(uids(matching.unsure_source_uids()));
  resolve(matching, {}, {});
  RC_ASSERT(uids(matching.missing) == expected);
}

RC_GTEST_PROP(MatchingProperty, MatchedMessagesHaveOneIdentity, ()) {
  const auto source = *messages();
  const auto destination = *messages();
  std::map<Uid, std::uint8_t> here;
  std::map<Uid, std::uint8_t> there;
  for (const Message& message : source)
    here[message.uid] = message.identity;
  for (const Message& message : destination)
    there[message.uid] = message.identity;
  for (const auto& pair : matched(source, destination).matched)
    RC_ASSERT(here[pair.source] == there[pair.destination]);
}

/// Which stage matches them or not: several that look the same are told apart by their bodies.
RC_GTEST_PROP(MatchingProperty, ManyThatLookTheSameAreMatchedByTheirBodies, ()) {
  const auto source = *messages();
  const auto destination = *messages();
  std::map<Uid, Message> there;
  for (const Message& message : destination)
    there[message.uid] = message;
  const auto matching = matched(source, destination);
  for (const auto& pair : matching.matched) {
    const auto here = *std::ranges::find(source, pair.source, &Message::uid);
    const auto alike = std::ranges::count_if(
        source, [&](const Message& other) { return other.identity == here.identity && other.octets == here.octets; });
    if (alike > 1) RC_ASSERT(here.content == there[pair.destination].content);
  }
}

RC_GTEST_PROP(MatchingProperty, ACopyLacksNothing, ()) {
  const auto source = *messages();
  Messages copy = source;
  for (std::size_t i = copy.size(); i > 1; --i)
    std::swap(copy[i - 1], copy[*rc::gen::inRange<std::size_t>(0, i)]);
  for (std::size_t i = 0; i < copy.size(); ++i)
    copy[i].uid = static_cast<Uid>(i + 1);
  const auto matching = matched(source, copy);
  RC_ASSERT(matching.missing.empty());
  RC_ASSERT(matching.extra.empty());
}

RC_GTEST_PROP(MatchingProperty, CopyingWhatIsMissingMakesTheNextRunEmpty, ()) {
  const auto source = *messages();
  Messages destination = *messages();
  const auto first = matched(source, destination);
  for (const Message& message : source) {
    if (!first.missing.contains(message.uid)) continue;
    destination.push_back(message);
    destination.back().uid = static_cast<Uid>(1000 + destination.size());
  }
  RC_ASSERT(matched(source, destination).missing.empty());
}

RC_GTEST_PROP(MatchingProperty, SidesCanBeSwapped, ()) {
  const auto source = *messages();
  const auto destination = *messages();
  const auto forth = matched(source, destination);
  const auto back = matched(destination, source);
  RC_ASSERT(forth.missing == back.extra);
  RC_ASSERT(forth.extra == back.missing);
}

}  // namespace
}  // namespace mailferry::plan
