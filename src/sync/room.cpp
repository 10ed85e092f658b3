#include "sync/room.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

constexpr std::size_t kMostAtATime = 256;

}  // namespace

void Room::refuse(std::uint64_t octets, const Error& error) {
  error_ = error;
  refused_ = std::min(refused_, octets);
  at_a_time_ = 1;
}

void Room::accept() noexcept {
  if (tight()) at_a_time_ = std::min(kMostAtATime, at_a_time_ * 2);
}

void Room::measure(Sizes sizes, const UidSet& left) {
  auto unknown = left;
  for (const auto& [octets, uid] : sizes)
    unknown.remove(UidRange{uid, uid});
  auto each = unknown.each();
  for (auto uid = each.next(); uid != 0; uid = each.next())
    sizes.emplace_back(0, uid);
  std::ranges::sort(sizes);
  sizes_ = std::move(sizes);
  taken_ = 0;
  measured_ = true;
}

std::optional<std::size_t> Room::next_index(const UidSet& left) const {
  const auto from = [&](std::size_t index) -> std::optional<std::size_t> {
    for (; index < sizes_.size() && may_take(sizes_[index].first); ++index) {
      if (left.contains(sizes_[index].second)) return index;
    }
    return std::nullopt;
  };
  const auto found = from(taken_);
  return found || taken_ == 0 ? found : from(0);
}

UidSet Room::take_smallest(UidSet& left) {
  UidSet taken;
  const auto first = next_index(left);
  if (!first) return taken;
  for (auto index = *first; index < sizes_.size() && may_take(sizes_[index].first); ++index) {
    if (taken.size() == at_a_time_) break;
    const auto uid = sizes_[index].second;
    if (left.contains(uid)) taken.add(uid);
    taken_ = index + 1;
  }
  left.remove(taken);
  return taken;
}

Error Room::refusal(std::optional<std::uint64_t> octets) const {
  Error error = *error_;
  error.scope = Scope::message;
  error.message = fmt::format("not tried, as the destination has no room for {}: {}",
                              octets ? fmt::format("its {} octets", *octets) : "it", error.message);
  return error;
}

}  // namespace mailferry::sync
