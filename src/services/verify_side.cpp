#include "services/verify_side.hpp"

#include <algorithm>
#include <tuple>

namespace mailferry::services {
namespace {

/// What two messages must have in common to be the better pair.
using Key = std::tuple<Digest, std::string, std::int64_t>;

Key key_of(const Side& side, Uid uid) {
  const auto& entry = side.find(uid);
  return {entry.digest, side.flags_of(entry).to_string(), entry.seconds};
}

/// Pairs that differ, by what their destination message is.
using Wanting = std::map<Key, std::vector<std::size_t>>;

Wanting differing_pairs(const std::vector<plan::MatchedPair>& matched, const Side& source, const Side& destination) {
  Wanting wanting;
  for (std::size_t index = 0; index < matched.size(); ++index) {
    const auto there = key_of(destination, matched[index].destination);
    if (key_of(source, matched[index].source) != there) wanting[there].push_back(index);
  }
  return wanting;
}

}  // namespace

void Side::message(store::MessageMeta&& meta) {
  if (taken_.contains(meta.uid)) return;
  list_.add(meta.uid, meta.identity, meta.octets);
  const auto [found, added] =
      index_.try_emplace(meta.flags.to_string(), static_cast<std::uint32_t>(combinations_.size()));
  if (added) combinations_.push_back(std::move(meta.flags));
  entries_.push_back({.uid = meta.uid,
                      .flags = found->second & 0x7FFFFFFFU,
                      .weak = meta.identity.weak ? 1U : 0U,
                      .seconds = meta.date.seconds,
                      .digest = meta.identity.digest});
}

void Side::restart() {
  list_ = {};
  entries_.clear();
}

void Side::sort() {
  std::ranges::sort(entries_, {}, &Entry::uid);
}

const Side::Entry& Side::find(Uid uid) const {
  return *std::ranges::lower_bound(entries_, uid, {}, &Entry::uid);
}

void pair_duplicates(std::vector<plan::MatchedPair>& matched, const Side& source, const Side& destination) {
  auto wanting = differing_pairs(matched, source, destination);
  if (wanting.empty()) return;
  for (auto& match : matched) {
    const auto mine = key_of(source, match.source);
    if (mine == key_of(destination, match.destination)) continue;
    const auto better = wanting.find(mine);
    if (better == wanting.end()) continue;
    auto& candidates = better->second;
    // A candidate may have been exchanged away meanwhile.
    while (!candidates.empty() && key_of(destination, matched[candidates.back()].destination) != mine)
      candidates.pop_back();
    if (candidates.empty()) continue;
    const auto other = candidates.back();
    candidates.pop_back();
    std::swap(match.destination, matched[other].destination);
    wanting[key_of(destination, matched[other].destination)].push_back(other);
  }
}

}  // namespace mailferry::services
