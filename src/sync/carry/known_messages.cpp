#include "sync/carry/known_messages.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// Some 100 octets each. What is forgotten is found by its Message-ID again.
constexpr std::size_t kMostKnown = 50'000;

/// What servers drop or mend in a broken header, and in a text.
constexpr std::uint64_t kMendedOctets = 16;

bool is_near(std::uint64_t one, std::uint64_t other) {
  return std::max(one, other) - std::min(one, other) <= kMendedOctets;
}

}  // namespace

void KnownMessages::add(const Digest& identity, const KnownMessage& message, SteadyTime now) {
  const auto [begin, end] = messages_.equal_range(identity);
  const auto same =
      std::find_if(begin, end, [&](const auto& entry) { return message.uid != 0 && entry.second.uid == message.uid; });
  if (same != end) {
    same->second.doubted |= message.doubted;
    return;
  }
  messages_.emplace(identity, message);
  if (dated_.size() >= kMostKnown) dated_.clear();
  if (message.seconds != 0) dated_.emplace(message.seconds, Dated{identity, message.uid});
  order_.emplace_back(now, identity);
  while (order_.size() > kMostKnown || order_.front().first + memory_ < now)
    forget_oldest();
}

void KnownMessages::forget_oldest() {
  // Of equal ones any: the rest is forgotten in its turn.
  if (const auto found = messages_.find(order_.front().second); found != messages_.end()) messages_.erase(found);
  order_.pop_front();
}

void KnownMessages::note_body(const Digest& identity, Uid uid, const Digest& body) {
  const auto [begin, end] = messages_.equal_range(identity);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second.uid == uid) entry->second.body = body;
  }
}

std::vector<KnownMessage> KnownMessages::find(const Digest& identity) const {
  std::vector<KnownMessage> found;
  const auto [begin, end] = messages_.equal_range(identity);
  for (auto entry = begin; entry != end; ++entry)
    found.push_back(entry->second);
  return found;
}

std::vector<Lookalike> KnownMessages::find_lookalikes(const Digest& identity, std::int64_t seconds,
                                                      std::uint64_t octets) const {
  std::vector<Lookalike> found;
  const auto [begin, end] = dated_.equal_range(seconds);
  for (auto entry = begin; entry != end; ++entry) {
    const auto& [other, uid] = entry->second;
    if (other == identity) continue;
    for (const auto& message : find(other)) {
      if (message.uid == uid && is_near(message.octets, octets)) found.push_back({other, message});
    }
  }
  return found;
}

void KnownMessages::note_taken(const Digest& identity, const KnownMessage& message) {
  const auto [begin, end] = dated_.equal_range(message.seconds);
  const auto taken = std::find_if(begin, end, [&](const auto& entry) {
    return entry.second.uid == message.uid && entry.second.identity == identity;
  });
  if (taken != end) dated_.erase(taken);
}

}  // namespace mailferry::sync
