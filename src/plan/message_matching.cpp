#include "plan/message_matching.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mailferry::plan {
namespace {

using Entry = IdentityList::Entry;
using Entries = std::span<const Entry>;

/// Adds many UIDs in any order; one by one that would cost a shift of the ranges each.
void add_sorted(UidSet& set, std::vector<Uid>& uids) {
  std::sort(uids.begin(), uids.end());
  UidSet added;
  for (const Uid uid : uids)
    added.add(uid);
  set.add(added);
}

template <class Message>
UidSet uids_of(const std::vector<Message>& messages) {
  std::vector<Uid> uids;
  uids.reserve(messages.size());
  for (const Message& message : messages)
    uids.push_back(message.uid);
  UidSet set;
  add_sorted(set, uids);
  return set;
}

void sort_by_identity(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    if (a.digest != b.digest) return a.digest < b.digest;
    if (a.octets != b.octets) return a.octets < b.octets;
    return a.uid < b.uid;
  });
}

/// Takes the entries with the digest of the first one off the front.
Entries take_group(Entries& rest) {
  const auto end = std::find_if(rest.begin(), rest.end(), [&](const Entry& e) { return e.digest != rest[0].digest; });
  const Entries group = rest.first(static_cast<std::size_t>(end - rest.begin()));
  rest = rest.subspan(group.size());
  return group;
}

bool is_weak(Entries group) {
  return std::any_of(group.begin(), group.end(), [](const Entry& entry) { return entry.weak != 0; });
}

/// The sizes of a sorted group tell its messages apart.
bool has_distinct_sizes(Entries group) {
  return std::adjacent_find(group.begin(), group.end(),
                            [](const Entry& a, const Entry& b) { return a.octets == b.octets; }) == group.end();
}

/// Of several messages that look the same any may be another one, and any the double of its neighbour: that there are
/// as many on the other side proves nothing.
bool are_surely_the_same(Entries source, Entries destination, SizeEvidence sizes) {
  if (source.size() != destination.size() || is_weak(source) || is_weak(destination)) return false;
  if (sizes == SizeEvidence::ignore) return source.size() == 1;
  return has_distinct_sizes(source) && std::equal(source.begin(), source.end(), destination.begin(),
                                                  [](const Entry& a, const Entry& b) { return a.octets == b.octets; });
}

/// Collects the outcome; UIDs come in the order of digests, so they are sorted at the end.
class Collector {
 public:
  void missing(Entries group) { add(missing_, group); }
  void extra(Entries group) { add(extra_, group); }
  void finish(MessageMatching& matching) {
    add_sorted(matching.missing, missing_);
    add_sorted(matching.extra, extra_);
    std::sort(matching.matched.begin(), matching.matched.end());
  }

 private:
  static void add(std::vector<Uid>& uids, Entries group) {
    for (const Entry& entry : group)
      uids.push_back(entry.uid);
  }

  std::vector<Uid> missing_;
  std::vector<Uid> extra_;
};

struct Sized {
  std::uint64_t octets = 0;
  Uid uid = 0;
  auto operator<=>(const Sized&) const = default;
};

std::vector<Sized> with_sizes(const UidSet& uids, const std::function<std::uint64_t(Uid)>& octets) {
  std::vector<Sized> sized;
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next())
    sized.push_back({octets(uid), uid});
  std::ranges::sort(sized);
  return sized;
}

/// Servers count line ends differently and replace octets that have no place in mail; more they leave as it is.
bool is_near(std::uint64_t smaller, std::uint64_t larger) {
  constexpr std::uint64_t kSlack = 64;
  return larger - smaller <= kSlack + smaller / 8;
}

/// Those of `some` for which `others` have one of nearly the same size; both are sorted.
UidSet find_near(const std::vector<Sized>& some, const std::vector<Sized>& others) {
  std::vector<Uid> uids;
  auto other = others.begin();
  for (const Sized& one : some) {
    while (other != others.end() && other->octets < one.octets && !is_near(other->octets, one.octets))
      ++other;
    if (other == others.end()) break;
    const auto [smaller, larger] = std::minmax(one.octets, other->octets);
    if (is_near(smaller, larger)) uids.push_back(one.uid);
  }
  UidSet near;
  add_sorted(near, uids);
  return near;
}

void sort_by_date(std::vector<DatedMessage>& messages) {
  std::ranges::sort(messages, {}, [](const DatedMessage& message) { return std::tie(message.seconds, message.uid); });
}

/// One message of several that are the same. Those with one content can be matched.
struct Candidate {
  std::uint32_t group = 0;
  bool has_digest = false;
  Digest digest{};
  std::uint32_t likeness = 0;
  Uid uid = 0;
  [[nodiscard]] auto content() const { return std::tie(group, has_digest, digest); }
  [[nodiscard]] auto content_and_likeness() const { return std::tie(group, has_digest, digest, likeness); }
};

std::uint32_t likeness_of(const std::function<std::uint32_t(Uid)>& tell, Uid uid) {
  return tell ? tell(uid) : 0;
}

void sort(std::vector<Candidate>& candidates) {
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tuple_cat(a.content_and_likeness(), std::tie(a.uid)) <
           std::tuple_cat(b.content_and_likeness(), std::tie(b.uid));
  });
}

/// Matches what has the same `key` on both sides one to one, and leaves the rest, in order.
template <class Key>
void match_equal(MessageMatching& matching, std::vector<Candidate>& here, std::vector<Candidate>& there, Key key) {
  std::vector<Candidate> rest_here;
  std::vector<Candidate> rest_there;
  auto counterpart = there.begin();
  for (const Candidate& message : here) {
    while (counterpart != there.end() && key(*counterpart) < key(message))
      rest_there.push_back(*counterpart++);
    if (counterpart != there.end() && key(*counterpart) == key(message) && message.has_digest) {
      matching.matched.push_back({message.uid, counterpart++->uid});
    } else {
      rest_here.push_back(message);
    }
  }
  rest_there.insert(rest_there.end(), counterpart, there.end());
  here = std::move(rest_here);
  there = std::move(rest_there);
}

/// What is left has no counterpart.
void pair_up(MessageMatching& matching, std::vector<Candidate>& here, std::vector<Candidate>& there,
             const Likeness& likeness) {
  const auto whole = [](const Candidate& message) { return message.content_and_likeness(); };
  sort(there);
  for (const auto* tell : {&likeness.source, &likeness.source_else}) {
    for (Candidate& message : here)
      message.likeness = likeness_of(*tell, message.uid);
    sort(here);
    match_equal(matching, here, there, whole);
  }
  match_equal(matching, here, there, [](const Candidate& message) { return message.content(); });
}

std::vector<Candidate> candidates(const std::vector<UnsureMessage>& unsure, std::vector<BodyDigestOf> digests,
                                  const std::function<std::uint32_t(Uid)>& likeness) {
  std::ranges::sort(digests, {}, &BodyDigestOf::uid);
  std::vector<Candidate> found;
  found.reserve(unsure.size());
  for (const UnsureMessage& message : unsure) {
    const auto known = std::ranges::lower_bound(digests, message.uid, {}, &BodyDigestOf::uid);
    const bool has_digest = known != digests.end() && known->uid == message.uid;
    found.push_back({.group = message.group,
                     .has_digest = has_digest,
                     .digest = has_digest ? known->digest : Digest{},
                     .likeness = likeness_of(likeness, message.uid),
                     .uid = message.uid});
  }
  return found;
}

void match_group(MessageMatching& matching, Entries source, Entries destination, std::uint32_t& groups,
                 SizeEvidence sizes, const Ambiguous& ambiguous) {
  const bool needs_bodies = ambiguous && ambiguous(source[0].digest);
  if (!needs_bodies && are_surely_the_same(source, destination, sizes)) {
    for (std::size_t at = 0; at < source.size(); ++at)
      matching.matched.push_back({source[at].uid, destination[at].uid});
    return;
  }
  for (const Entry& entry : source)
    matching.unsure_source.push_back({entry.uid, groups});
  for (const Entry& entry : destination)
    matching.unsure_destination.push_back({entry.uid, groups});
  ++groups;
}

}  // namespace

void IdentityList::add(Uid uid, const MessageIdentity& identity, std::uint64_t octets) {
  constexpr std::uint64_t kLargest = 0x7FFFFFFF;
  entries_.push_back({.digest = identity.digest,
                      .uid = uid,
                      .octets = static_cast<std::uint32_t>(std::min(octets, kLargest)) & 0x7FFFFFFFU,
                      .weak = identity.weak ? 1U : 0U});
}

UidSet MessageMatching::unsure_source_uids() const {
  return uids_of(unsure_source);
}
UidSet MessageMatching::unsure_destination_uids() const {
  return uids_of(unsure_destination);
}

MessageMatching match_messages(IdentityList source, IdentityList destination, SizeEvidence sizes,
                               const Ambiguous& ambiguous) {
  sort_by_identity(source.entries());
  sort_by_identity(destination.entries());
  MessageMatching matching;
  // Growing it step by step would hold it twice for a moment.
  matching.matched.reserve(std::min(source.size(), destination.size()));
  Collector collector;
  std::uint32_t groups = 0;
  Entries here = source.entries();
  Entries there = destination.entries();
  while (!here.empty() || !there.empty()) {
    if (there.empty() || (!here.empty() && here[0].digest < there[0].digest)) {
      collector.missing(take_group(here));
    } else if (here.empty() || there[0].digest < here[0].digest) {
      collector.extra(take_group(there));
    } else {
      const Entries both = take_group(here);
      match_group(matching, both, take_group(there), groups, sizes, ambiguous);
    }
  }
  collector.finish(matching);
  return matching;
}

void resolve(MessageMatching& matching, std::vector<BodyDigestOf> source, std::vector<BodyDigestOf> destination,
             const Likeness& likeness) {
  std::vector<Candidate> here = candidates(matching.unsure_source, std::move(source), {});
  std::vector<Candidate> there = candidates(matching.unsure_destination, std::move(destination), likeness.destination);
  pair_up(matching, here, there, likeness);
  auto missing = uids_of(here);
  auto extra = uids_of(there);
  matching.missing.add(missing);
  matching.extra.add(extra);
  matching.unsure_source.clear();
  matching.unsure_destination.clear();
  std::sort(matching.matched.begin(), matching.matched.end());
}

Lookalikes find_lookalikes(const MessageMatching& matching, const std::function<std::uint64_t(Uid)>& source,
                           const std::function<std::uint64_t(Uid)>& destination) {
  if (matching.missing.empty() || matching.extra.empty()) return {};
  const auto here = with_sizes(matching.missing, source);
  const auto there = with_sizes(matching.extra, destination);
  return {find_near(here, there), find_near(there, here)};
}

void doubt_lookalikes(MessageMatching& matching, std::vector<DatedMessage> source,
                      std::vector<DatedMessage> destination) {
  sort_by_date(source);
  sort_by_date(destination);
  auto there = destination.begin();
  std::uint32_t group = 0;
  for (auto here = source.begin(); here != source.end();) {
    const auto seconds = here->seconds;
    while (there != destination.end() && there->seconds < seconds)
      ++there;
    const bool both = there != destination.end() && there->seconds == seconds;
    for (; here != source.end() && here->seconds == seconds; ++here) {
      if (both) matching.unsure_source.push_back({here->uid, group});
    }
    for (; there != destination.end() && there->seconds == seconds; ++there)
      matching.unsure_destination.push_back({there->uid, group});
    if (both) ++group;
  }
  matching.missing.remove(matching.unsure_source_uids());
  matching.extra.remove(matching.unsure_destination_uids());
}

}  // namespace mailferry::plan
