// Flags that changed on the source since the destination last got them.
#include "sync/copy_run.hpp"
#include "sync/identity_match.hpp"
#include "sync/pending_flags.hpp"

#include <algorithm>
#include <utility>

namespace mailferry::sync {
namespace {

/// What the mailbox can keep of it.
store::FlagUpdate storable_update(const RouteWork& work, const FlagWork& group) {
  return {.uids = group.destination,
          .add = work.permanent_flags.storable(group.unsure ? group.now : group.now.minus(group.before)),
          .remove = work.permanent_flags.storable(group.before.minus(group.now))};
}

bool is_empty(const store::FlagUpdate& update) {
  return update.add.empty() && update.remove.empty();
}

Flags flags_after(const FlagWork& group, const store::FlagUpdate& update) {
  return (group.unsure ? group.recorded : group.before).minus(update.remove).united(update.add);
}

}  // namespace

/// Durable before the first STORE: after a crash in between, which of these flags the destination has is not known.
Task<> CopyRun::announce_flags() {
  for (const auto& work : context_.queue.routes) {
    if (work.dead() || work.flag_work.empty() || context_.stopping) continue;
    context_.journal.pending().notes.emplace_back(pending_flags_note(work.route.id), to_pending_text(work.flag_work));
  }
  co_return co_await context_.journal.commit();
}

Task<> CopyRun::update_flags() {
  context_.progress.phase = "updating flags";
  CO_CHECK(co_await announce_flags());
  for (auto& work : context_.queue.routes) {
    if (work.dead() || work.flag_work.empty() || context_.stopping) continue;
    auto updated = co_await update_flags_of(work);
    if (updated) continue;
    if (updated.error().scope != Scope::mailbox) co_return updated;
    work.report->error = updated.error();
  }
  co_return co_await context_.journal.commit();
}

Task<> CopyRun::update_flags_of(RouteWork& work) {
  CO_CHECK(co_await find_destinations(work));
  std::vector<store::FlagUpdate> updates;
  std::vector<std::pair<UidSet, Flags>> settled;
  std::uint64_t updated = 0;
  for (auto& group : work.flag_work) {
    auto update = storable_update(work, group);
    const auto kept = flags_after(group, update);
    const bool is_whole = kept == group.now;
    if (!is_whole) work.keywords_left += group.source.size();
    if (is_whole || !is_empty(update)) updated += group.source.size();
    if (!is_whole && lacks_rights(work)) work.flags_to_retry = true;
    settled.emplace_back(std::move(group.source), lacks_rights(work) ? kept : group.now);
    if (!update.uids.empty() && !is_empty(update)) updates.push_back(std::move(update));
  }
  CO_CHECK(co_await store_flags(work, updates));
  work.report->flags_updated += updated;
  context_.journal.pending().flags.emplace_back(work.route.id, std::move(settled));
  context_.journal.pending().notes.emplace_back(pending_flags_note(work.route.id), "");
  work.flag_work.clear();
  co_return Result<>{};
}

/// Where keywords are refused, the system flags are stored all the same.
Task<> CopyRun::store_flags(RouteWork& work, std::vector<store::FlagUpdate>& updates) {
  if (updates.empty()) co_return Result<>{};
  const auto validity = work.route.destination_validity;
  auto stored = co_await pair_.destination->change_flags(work.destination, validity, updates);
  if (stored || stored.error().scope != Scope::mailbox) co_return stored;
  std::uint64_t left = 0;
  for (auto& update : updates) {
    if (update.add.keywords().empty()) continue;
    left += update.uids.size();
    remove_keywords(update.add);
  }
  if (left == 0) co_return stored;
  stored = co_await pair_.destination->change_flags(work.destination, validity, updates);
  if (stored) work.keywords_left += left;
  co_return stored;
}

/// A destination without UIDPLUS never told the UIDs: the messages are found by what they are.
Task<> CopyRun::find_destinations(RouteWork& work) {
  UidSet unknown;
  for (const auto& group : work.flag_work) {
    if (group.destination.size() != group.source.size()) unknown.add(group.source);
  }
  if (unknown.empty()) co_return Result<>{};
  auto source = scan_of(work.source, work.route.source_validity);
  source.uids = unknown;
  auto destination = scan_of(work.destination, work.route.destination_validity);
  const UidSet none;
  // What the destination got last tells one of two equal messages from the other.
  const FlagsThere flags_there = [&work](Uid uid) {
    const auto group =
        std::ranges::find_if(work.flag_work, [uid](const FlagWork& flags) { return flags.source.contains(uid); });
    if (group == work.flag_work.end()) return Flags();
    return group->unsure ? group->recorded : group->before;
  };
  CO_TRY(const auto matched, co_await match_by_identity(pair_, source, destination, none, &flags_there));
  for (auto& group : work.flag_work) {
    if (group.destination.size() == group.source.size()) continue;
    for (const auto& match : matched) {
      if (group.source.contains(match.source)) group.destination.add(match.destination);
    }
  }
  co_return Result<>{};
}

}  // namespace mailferry::sync
