#include "sync/carry/carry_route.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::sync {
namespace {

constexpr Uid kLastUid = std::numeric_limits<Uid>::max() - 1;

}  // namespace

bool CarryRoute::settle(UidRange range) {
  const auto before = settled.size();
  settled.add(range);
  if (settled.size() == before) return false;
  unsaved.add(range);
  doubtful.remove(range);
  troubled.erase(troubled.lower_bound(range.first), troubled.upper_bound(range.last));
  return true;
}

void CarryRoute::want_labels(Uid on_destination) {
  if (label_validity != to->uid_validity()) unlabelled = {};  // of a mailbox that is gone
  label_validity = to->uid_validity();
  unlabelled.add(on_destination);
}

SteadyTime CarryRoute::next_due() const {
  auto due = unlabelled.empty() ? SteadyTime::max() : label_at;
  for (const auto& [uid, trouble] : troubled)
    due = std::min(due, trouble.again_at);
  return due;
}

Uid CarryRoute::first_open() const noexcept {
  const auto& ranges = settled.ranges();
  if (ranges.empty() || ranges.front().first > 1) return 1;
  return ranges.front().last + 1;
}

void CarryRoute::save(state::Batch& batch) {
  if (unsaved.empty()) return;
  for (const auto& range : unsaved.ranges())
    batch.settled.emplace_back(
        row.id,
        state::SettledRun{
            .source = range.first, .count = static_cast<std::uint32_t>(range.size()), .destination = 0, .flags = {}});
  batch.unparked.emplace_back(row.id, unsaved);
  unsaved = {};
  if (!intent || !is_sure()) return;
  // All that this route appended so far is settled: what follows has higher UIDs on both sides.
  intent->source = UidSet(UidRange{std::min(first_open(), kLastUid), kLastUid});
  intent->destination_from = std::max(intent->destination_from, to->next_uid());
  batch.intents.push_back(*intent);
}

}  // namespace mailferry::sync
