#include "services/verify_side.hpp"

#include <algorithm>

namespace mailferry::services {

void Side::message(store::MessageMeta&& meta) {
  if (taken_.contains(meta.uid)) return;
  // What is edited may keep its Message-ID, and its size.
  if (meta.flags.has(SystemFlag::draft)) meta.identity.weak = true;
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

}  // namespace mailferry::services
