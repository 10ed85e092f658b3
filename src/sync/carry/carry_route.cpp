#include "sync/carry/carry_route.hpp"

#include <algorithm>

namespace mailferry::sync {
bool CarryRoute::settle(UidRange range) {
  const auto before = settled.size();
  settled.add(range);
  if (settled.size() == before) return false;
  unsaved.add(range);
  doubtful.remove(range);
  troubled.erase(troubled.lower_bound(range.first), troubled.upper_bound(range.last));
  retried.erase(retried.lower_bound(range.first), retried.upper_bound(range.last));
  return true;
}

bool CarryRoute::heed_set_back() {
  const bool is_set_back = std::exchange(set_backs, to->set_backs()) != to->set_backs();
  auto unproven = settled;
  unproven.remove(there);
  if (!is_set_back || unproven.empty()) return false;
  there.add(unproven);
  there_unsaved = true;
  return true;
}

void CarryRoute::forget(UidRange range) {
  there_unsaved |= !there.empty();
  for (auto* uids : {&settled, &skipped, &gone, &there, &untold, &flags_unsaved, &unsaved, &doubtful})
    uids->remove(range);
  const auto erase = [&](auto& messages) {
    messages.erase(messages.lower_bound(range.first), messages.upper_bound(range.last));
  };
  erase(troubled);
  erase(parked);
  erase(retried);
  erase(placed);
}

void CarryRoute::want_labels(Uid on_destination) {
  if (label_validity != to->uid_validity()) unlabelled = {};  // of a mailbox that is gone
  label_validity = to->uid_validity();
  unlabelled.add(on_destination);
}

void CarryRoute::place(Uid uid, Uid on_destination, const Flags& flags) {
  if (!follows || on_destination == 0) return;
  if (placed_validity != to->uid_validity()) placed.clear();  // of a mailbox that is gone
  placed_validity = to->uid_validity();
  placed.insert_or_assign(uid, Placed{on_destination, flags});
}

void CarryRoute::unplace(const UidSet& uids) {
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    if (placed.erase(uid) == 0) continue;
    flags_unsaved.remove(UidRange{uid, uid});
    if (settled.contains(uid)) unsaved.add(uid);  // without its place it is one run with its neighbours
  }
}

/// Messages with a place one by one (the journal joins neighbours), what is between them as one run.
void CarryRoute::add_runs(UidRange range, state::Batch& batch) const {
  const auto add = [&](Uid first, std::uint64_t count, const Placed& place) {
    if (count == 0) return;
    batch.settled.emplace_back(row.id, state::SettledRun{.source = first,
                                                         .count = static_cast<std::uint32_t>(count),
                                                         .destination = place.uid,
                                                         .flags = place.flags});
  };
  std::uint64_t first = range.first;
  for (auto at = placed.lower_bound(range.first); at != placed.end() && at->first <= range.last; ++at) {
    add(static_cast<Uid>(first), at->first - first, {});
    add(at->first, 1, at->second);
    first = std::uint64_t{at->first} + 1;
  }
  add(static_cast<Uid>(first), range.last + 1ULL - first, {});
}

void CarryRoute::save_flags(state::Batch& batch) {
  std::vector<std::pair<UidSet, Flags>> groups;
  auto each = flags_unsaved.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    const auto found = placed.find(uid);
    if (found == placed.end()) continue;
    const auto same = std::ranges::find(groups, found->second.flags, &std::pair<UidSet, Flags>::second);
    auto& group = same == groups.end() ? groups.emplace_back(UidSet(), found->second.flags) : *same;
    group.first.add(uid);
  }
  flags_unsaved = {};
  if (!groups.empty()) batch.flags.emplace_back(row.id, std::move(groups));
}

SteadyTime CarryRoute::next_due() const {
  auto due = unlabelled.empty() ? SteadyTime::max() : label_at;
  for (const auto& [uid, trouble] : troubled)
    due = std::min(due, trouble.again_at);
  return unready_until == SteadyTime{} ? due : unready_until;
}

Uid CarryRoute::first_open() const noexcept {
  const auto& ranges = settled.ranges();
  if (ranges.empty() || ranges.front().first > 1) return 1;
  return ranges.front().last + 1;
}

void CarryRoute::intend() {
  // In a mailbox that was made anew, what is doubtful may be anywhere.
  const bool is_anywhere = intent && !is_intended() && !is_sure();
  intent = state::Intent{.route = row.id,
                         .source = UidSet(UidRange{std::min(first_open(), kLastUid), kLastUid}),
                         .destination_from = is_anywhere ? 1 : std::max<Uid>(1, to->next_uid())};
  intent_validity = to->uid_validity();
}

void CarryRoute::save(state::Batch& batch) {
  if (!flags_unsaved.empty()) save_flags(batch);
  if (unsaved.empty()) return;
  for (const auto& range : unsaved.ranges())
    add_runs(range, batch);
  batch.unparked.emplace_back(row.id, unsaved);
  unsaved = {};
  if (!intent || !is_sure()) return;
  // All that this route appended so far is settled: what follows has higher UIDs on both sides.
  const auto before = is_intended() ? intent->destination_from : 1;  // UIDs of another mailbox say nothing
  intend();
  intent->destination_from = std::max(intent->destination_from, before);
  batch.intents.push_back(*intent);
}

}  // namespace mailferry::sync
