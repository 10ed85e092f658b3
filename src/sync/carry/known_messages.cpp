#include "sync/carry/known_messages.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// Some 100 octets each. What is forgotten is found by its Message-ID again.
constexpr std::size_t kMostKnown = 50'000;

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

}  // namespace mailferry::sync
