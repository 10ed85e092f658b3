// The doing half of a CopyRun: mailboxes, intents, workers, checkpoint. Flags are in copy_flags.cpp.
#include "base/units.hpp"
#include "sync/copy_run.hpp"
#include "sync/identity_match.hpp"

#include <algorithm>
#include <utility>

namespace mailferry::sync {
namespace {

constexpr std::size_t kNamedFailures = 200;

bool has_work(const RouteWork& work) {
  return !work.dead() && (work.has_messages() || !work.flag_work.empty());
}

/// 0: not known, as the destination did not tell where all of this is.
Uid destination_next(const RouteWork& work) {
  if (!work.settled.empty() || work.destination_next == 0) return 0;
  return std::max(work.destination_next, work.known_destination.empty() ? 0 : work.known_destination.max() + 1);
}

bool untouched(const RouteWork& work) {
  return work.unchanged && !work.create && !work.subscribe;
}

}  // namespace

Task<> CopyRun::execute() {
  co_await read_ahead();
  CO_CHECK(co_await prepare());
  CO_CHECK(co_await record_intents());
  context_.progress.planned_messages = context_.report.sum(&MailboxReport::planned);
  context_.progress.phase = "copying";
  auto copied = co_await copy();
  if (copied) copied = co_await copy_disproved();
  // Whatever ended the copying, what was acknowledged is recorded.
  auto committed = co_await context_.journal.commit();
  if (!committed) co_return committed;
  if (!copied) {
    co_await name_failures();
    co_return copied;
  }
  Result<> updated;
  if (!context_.stopping) {
    updated = co_await check_unread();
    if (updated) updated = co_await update_flags();
  }
  // Whatever ended the updating, mailboxes without flags to be updated are done.
  CO_CHECK(co_await checkpoint());
  co_await name_failures();
  co_return updated;
}

/// Durable before the first append: which messages may from now on be on the destination, and from which UID on to
/// look.
Task<> CopyRun::record_intents() {
  std::vector<state::Route> fresh;
  std::vector<RouteWork*> owners;
  for (auto& work : context_.queue.routes) {
    if (!work.fresh || work.dead() || work.route.destination_validity == 0) continue;
    work.route.source_uid_next = 0;
    // While flags are to be stored, a later run has to look at all of them.
    work.route.source_modseq = work.flag_work.empty() ? work.source_status.highest_modseq : 0;
    fresh.push_back(work.route);
    owners.push_back(&work);
  }
  if (!fresh.empty()) CO_CHECK(co_await context_.journal.commit_routes(fresh));
  for (std::size_t index = 0; index < fresh.size(); ++index)
    take_id(*owners[index], fresh[index].id);

  for (auto& work : context_.queue.routes) {
    forget(work);
    if (!has_work(work)) continue;
    for (const auto& found : work.found)
      context_.journal.settle(work.route.id, found.source, found.destination, found.flags);
    work.found.clear();
    const auto old = open_intents_.find(work.route.id);
    if (old != open_intents_.end() && (!work.doubt.empty() || !work.siblings.empty())) {
      CO_CHECK(load_accounted(work, old->second));
    }
    UidSet all = work.todo;
    all.add(work.ahead);
    all.add(work.doubt);
    all.add(work.settled);
    if (all.empty()) continue;
    // Until the checkpoint nobody knows up to where the destination has what is on record.
    context_.journal.pending().notes.emplace_back(destination_next_note(work.route.id), "0");
    context_.journal.pending().intents.push_back(
        {.route = work.route.id, .source = std::move(all), .destination_from = work.destination_from});
  }
  co_return co_await context_.journal.commit();
}

void CopyRun::take_id(RouteWork& work, state::RouteId id) {
  const bool is_stored = std::ranges::find(stored_routes_, id, &state::Route::id) != stored_routes_.end();
  // A mailbox made anew under the UIDVALIDITY of before: nothing that is on record of it is there any more.
  if (work.route.id == 0 && is_stored) {
    open_intents_.erase(id);
    context_.journal.pending().closed_intents.push_back(id);
    context_.journal.pending().forgotten.emplace_back(id, UidSet(UidRange{1, kLastUid}));
  }
  work.route.id = id;
  if (work.by_map) context_.journal.pending().notes.emplace_back(mapped_note(id), "1");
}

/// What stands for other messages now is not settled any more, and from then on nothing new is taken for new unseen.
void CopyRun::forget(RouteWork& work) {
  if (!work.set_back || work.dead()) return;
  work.set_back = false;
  open_intents_.erase(work.route.id);
  // As one range: it is all that was settled, and may have many holes.
  const auto all = std::exchange(work.forgotten, {});
  if (!all.empty())
    context_.journal.pending().forgotten.emplace_back(work.route.id, UidSet(UidRange{all.min(), all.max()}));
  context_.journal.pending().notes.emplace_back(set_back_note(work.route.id), "1");
}

/// The status of these was wrong, or is no longer right: they are listed after all, and what was missed is copied.
Task<> CopyRun::copy_disproved() {
  std::vector<RouteWork*> wrong;
  std::vector<store::ScanRequest> requests;
  for (auto& work : context_.queue.routes) {
    if (!work.disproved || work.dead() || context_.stopping) continue;
    wrong.push_back(&work);
    requests.push_back({.mailbox = work.source, .uid_validity = work.route.source_validity, .uids = {}});
  }
  if (wrong.empty()) co_return Result<>{};
  CO_CHECK(co_await context_.journal.commit());
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(auto results, co_await pair_.source->scan(requests, no_sinks));
  for (std::size_t index = 0; index < wrong.size(); ++index) {
    auto& work = *wrong[index];
    work.believed = work.disproved = false;
    work.ahead = {};
    if (!results[index]) {
      work.report->error = results[index].error();
      continue;
    }
    // Flags that changed since the first look are to be found by the next run: it asks from that look on.
    const auto first_look = work.source_status.highest_modseq;
    take_status(work, *results[index]);
    work.source_status.highest_modseq = first_look;
    work.todo = std::move(results[index]->uids);
    work.room.forget_sizes();
    CO_TRY(const auto settled, context_.journal.journal().settled_uids(work.route.id));
    work.todo.remove(settled);
    for (const auto& [uid, error] : work.refused)
      work.todo.remove(UidRange{uid, uid});
    work.report->planned = work.report->copied + work.report->failed + work.todo.size();
  }
  CO_CHECK(co_await record_intents());
  co_return co_await copy();
}

/// What an interrupted run had settled since its intent was opened: it must not be taken for what is in doubt.
Result<> CopyRun::load_accounted(RouteWork& work, const state::Intent& intent) {
  for (Uid from = 1; from != 0;) {
    TRY(const auto runs, context_.journal.journal().settled(work.route.id, from));
    if (runs.empty()) break;
    for (const auto& run : runs) {
      const UidRange source{run.source, run.source + run.count - 1};
      if (run.destination == 0) {
        work.settled.add(UidSet(source).intersection(intent.source));
      } else if (run.destination + run.count > work.destination_from) {
        work.known_destination.add(UidRange{run.destination, run.destination + run.count - 1});
      }
    }
    const std::uint64_t next = std::uint64_t{runs.back().source} + runs.back().count;
    from = next > 0xFFFFFFFFULL ? 0 : static_cast<Uid>(next);
  }
  return {};
}

Task<> CopyRun::check_unread() {
  for (auto& work : context_.queue.routes) {
    if (work.unread.empty() || work.dead()) continue;
    const std::vector<store::ScanRequest> requests{{.mailbox = work.source,
                                                    .uid_validity = work.route.source_validity,
                                                    .uids = work.unread,
                                                    .from = 1,
                                                    .changed_since = 0,
                                                    .detail = {.flags = true}}};
    const std::vector<store::MetaSink*> no_sinks;
    CO_TRY(auto results, co_await pair_.source->scan(requests, no_sinks));
    if (!results.front()) {
      work.report->error = results.front().error();
      continue;
    }
    const auto& there = results.front()->uids;
    if (const auto away = work.unread.size() - there.size(); away > 0) CO_CHECK(co_await judge_absent(work, away));
    for (const auto& range : there.ranges()) {
      for (std::uint64_t uid = range.first; uid <= range.last; ++uid) {
        work.refused.insert_or_assign(
            static_cast<Uid>(uid),
            Error{.kind = ErrorKind::message_missing,
                  .scope = Scope::message,
                  .retry = Retry::later,
                  .retry_after = {},
                  .message = "the source lists this message but does not send it",
                  .remedy = "open it in a mail program; if that fails too, ask the source's administrator",
                  .trail = {}});
        ++work.report->failed;
      }
    }
    work.unread = {};
  }
  co_return Result<>{};
}

/// A message that is not listed is gone only where the mailbox does not count it (quirk z7).
Task<> CopyRun::judge_absent(RouteWork& work, std::uint64_t messages) {
  auto whole = scan_of(work.source, work.route.source_validity);
  whole.detail.flags = true;
  const std::vector<store::ScanRequest> requests{std::move(whole)};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(auto results, co_await pair_.source->scan(requests, no_sinks));
  if (!results.front()) {
    work.report->error = results.front().error();
    co_return Result<>{};
  }
  const std::uint64_t unlisted = results.front()->unlisted;
  work.report->unlisted = unlisted;
  work.report->gone += messages - std::min(messages, unlisted);
  work.report->planned -= std::min({messages, unlisted, work.report->planned});
  co_return Result<>{};
}

/// The watermark passes what is settled, parked or gone, never more.
Task<> CopyRun::checkpoint() {
  auto& batch = context_.journal.pending();
  for (auto& work : context_.queue.routes) {
    if (work.unchanged && !work.next_recorded && work.destination_next != 0)
      batch.notes.emplace_back(destination_next_note(work.route.id), std::to_string(work.destination_next));
    if (work.was_mapped && !work.by_map && !work.dead()) batch.notes.emplace_back(mapped_note(work.route.id), "");
    if (untouched(work) || work.route.id == 0) continue;
    forget(work);
    UidSet unparked;
    for (const auto& parked : work.parked) {
      if (!work.refused.contains(parked.source)) unparked.add(parked.source);
    }
    const bool settled = !work.dead() && work.todo.empty() && work.doubt.empty() && work.quiet() &&
                         work.flag_work.empty() && work.unread.empty();
    if (!unparked.empty() && settled) batch.unparked.emplace_back(work.route.id, std::move(unparked));
    for (const auto& [uid, error] : work.refused)
      batch.parked.push_back(
          {.route = work.route.id, .source = uid, .reason = error.describe(), .remedy = error.remedy, .attempts = 1});
    if (!settled || work.disproved) continue;
    // Where the source did not list all, the next run asks for all again.
    const bool listed = work.report->unlisted == 0;
    work.route.source_uid_next = listed ? work.source_status.uid_next : 0;
    // So that the next run looks at all flags.
    work.route.source_modseq = work.flags_to_retry ? 0 : work.source_status.highest_modseq;
    work.route.source_messages = listed ? work.source_status.messages : 0;
    batch.routes.push_back(work.route);
    batch.closed_intents.push_back(work.route.id);
    batch.notes.emplace_back(destination_next_note(work.route.id), std::to_string(destination_next(work)));
  }
  co_return co_await context_.journal.commit();
}

Task<> CopyRun::name_failures() {
  for (const auto& work : context_.queue.routes) {
    if (work.keywords_left == 0) continue;
    context_.report.warnings.push_back(
        fmt::format("{}: {} without some flags or keywords, which the destination does not take{}",
                    work.destination.to_string(), format_counted(work.keywords_left, "message is", "messages are"),
                    work.flags_to_retry ? " from this user; later runs try again" : ""));
  }
  for (auto& work : context_.queue.routes) {
    UidSet uids;
    for (const auto& [uid, error] : work.refused) {
      if (uids.size() < kNamedFailures) uids.add(uid);
    }
    std::map<Uid, std::string> subjects;
    if (!uids.empty() && source().is_open()) {
      auto named = co_await pair_.source->subjects(work.source, uids);
      if (named) subjects = std::move(*named);
    }
    for (const auto& [uid, error] : work.refused)
      context_.report.failures.push_back({.mailbox = work.source,
                                          .uid = uid,
                                          .subject = subjects[uid],
                                          .reason = error.describe(),
                                          .remedy = error.remedy});
  }
  co_return Result<>{};
}

Task<> CopyRun::record_checkpoint() {
  co_return co_await checkpoint();
}

Task<> CopyRun::finish() {
  async::TaskScope scope(context_.io);
  context_.report.source_commands += source().commands() + (source().is_open() ? 1 : 0);
  context_.report.destination_commands += destination().commands() + (destination().is_open() ? 1 : 0);
  scope.spawn("goodbye to the source", source().logout());
  scope.spawn("goodbye to the destination", destination().logout());
  co_await scope.join();
  co_return Result<>{};
}

}  // namespace mailferry::sync
