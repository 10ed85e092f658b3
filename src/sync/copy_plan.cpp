// The looking half of a CopyRun: state, scans, and what follows from them.
#include "state/mailbox_key.hpp"
#include "sync/claims.hpp"
#include "sync/copy_run.hpp"
#include "sync/identity_match.hpp"
#include "sync/pending_flags.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace mailferry::sync {

/// The flags that a scan saw, eight octets a message: flags recur, so each combination is kept once.
struct CopyRun::KnownFlags final : RestartableSink {
  struct Entry {
    Uid uid;
    std::uint32_t combination;
  };
  std::vector<Entry> entries;
  std::vector<Flags> combinations;
  std::map<std::string, std::uint32_t> index;

  void message(store::MessageMeta&& meta) override {
    const auto [found, added] =
        index.try_emplace(meta.flags.to_string(), static_cast<std::uint32_t>(combinations.size()));
    if (added) combinations.push_back(std::move(meta.flags));
    entries.push_back({meta.uid, found->second});
  }
  void restart() override { entries.clear(); }
  void sort() { std::ranges::sort(entries, {}, &Entry::uid); }
  /// Null when the scan did not see the message.
  [[nodiscard]] const Flags* find(Uid uid) const {
    const auto found = std::ranges::lower_bound(entries, uid, {}, &Entry::uid);
    return found == entries.end() || found->uid != uid ? nullptr : &combinations[found->combination];
  }
};

namespace {

/// As many messages as UIDs were ever given: the mailbox has them all, and need not be listed.
bool tells_all_uids(const RouteWork& work) {
  const auto& status = work.source_status;
  return work.fresh && status.messages > 0 && status.uid_validity != 0 && status.uid_next == status.messages + 1;
}

/// From which UID on all are to be listed; 0: what changed is told, and that is all.
Uid list_from(const RouteWork& work, bool tokens) {
  if (work.fresh) return 1;
  if (!tokens) return 0;
  if (work.route.source_uid_next == 0 || !work.doubt.empty()) return 1;
  // New mail is not left to modification sequences: some servers count them anew. And nothing but UIDNEXT tells that
  // the mailbox was set back.
  const Uid next = work.source_status.uid_next;
  if (next == 0) return 1;
  return next > work.route.source_uid_next ? work.route.source_uid_next : 0;
}

struct Place {
  const MailboxPath& mailbox;
  store::MailboxStatus* status;  // null: the mailbox does not exist
};
using PlaceOf = Place (*)(RouteSpec&);

Place source_of(RouteSpec& spec) {
  return {spec.source, &spec.source_status};
}
Place destination_of(RouteSpec& spec) {
  return {spec.destination, spec.destination_status ? &*spec.destination_status : nullptr};
}

/// What the list did not tell of a mailbox is learned by opening it. Otherwise nothing would show what of it was copied
/// before, and all would be copied again: those that cannot be opened are told with the reason, to be left alone.
Task<std::map<MailboxPath, Error>> learn_statuses(store::Session& session, std::vector<RouteSpec>& specs,
                                                  PlaceOf place_of) {
  std::map<MailboxPath, Error> unopened;
  std::vector<store::ScanRequest> requests;
  std::vector<store::MailboxStatus*> statuses;
  for (auto& spec : specs) {
    const auto place = place_of(spec);
    if (place.status == nullptr || place.status->uid_validity != 0) continue;
    requests.push_back(scan_of(place.mailbox, 0));
    statuses.push_back(place.status);
  }
  if (requests.empty()) co_return unopened;
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(const auto results, co_await session.scan(requests, no_sinks));
  for (std::size_t index = 0; index < results.size(); ++index) {
    if (results[index]) {
      *statuses[index] = results[index]->status;
    } else {
      unopened.emplace(requests[index].mailbox, results[index].error());
    }
  }
  co_return unopened;
}

}  // namespace

CopyRun::CopyRun(RunContext& context, SessionPair pair) : context_(context), pair_(std::move(pair)) {
  make_steady(context_, pair_);
  context_.pairs.push_back(&pair_);
}

Task<> CopyRun::plan(const std::vector<RouteSpec>& specs) {
  context_.progress.phase = "scanning";
  CO_CHECK(load_state());
  auto known = specs;
  CO_TRY(const auto closed_source, co_await learn_statuses(*pair_.source, known, source_of));
  CO_TRY(const auto closed_destination, co_await learn_statuses(*pair_.destination, known, destination_of));
  for (const auto& spec : known)
    CO_CHECK(add_route(spec));
  for (auto& work : context_.queue.routes) {
    const auto source = closed_source.find(work.source);
    const auto destination = closed_destination.find(work.destination);
    if (source != closed_source.end()) work.report->error = source->second;
    if (destination != closed_destination.end()) work.report->error = destination->second;
  }
  link_siblings();
  CO_CHECK(co_await look_for_restored());
  CO_CHECK(co_await scan());
  CO_CHECK(co_await match_first());
  CO_CHECK(co_await match_unrecorded());
  CO_CHECK(co_await match_unclaimed());
  context_.progress.planned_messages = context_.report.sum(&MailboxReport::planned);
  co_return Result<>{};
}

Result<> CopyRun::load_state() {
  auto& journal = context_.journal.journal();
  const auto pair = context_.journal.pair();
  TRY(stored_routes_, journal.routes(pair));
  TRY(auto doubts, journal.in_doubt(pair));
  for (auto& doubt : doubts)
    in_doubt_.emplace(doubt.route, std::move(doubt.source));
  TRY(auto intents, journal.open_intents(pair));
  for (auto& intent : intents)
    open_intents_.emplace(intent.route, std::move(intent));
  TRY(auto parked, journal.parked(pair));
  for (auto& message : parked)
    parked_[message.route].push_back(std::move(message));
  TRY(const auto slowest, journal.note(pair, kSlowestAppendNote));
  if (slowest) context_.slowest_append = std::chrono::milliseconds(std::strtoll(slowest->c_str(), nullptr, 10));
  return {};
}

void CopyRun::link_siblings() {
  std::map<MailboxPath, std::vector<RouteWork*>> by_destination;
  for (auto& work : context_.queue.routes)
    by_destination[work.destination].push_back(&work);
  for (auto& work : context_.queue.routes) {
    work.siblings = by_destination[work.destination];
    std::erase(work.siblings, &work);
  }
}

Result<> CopyRun::add_route(const RouteSpec& spec) {
  auto& report = context_.report.mailboxes.emplace_back();
  report.source = spec.source;
  report.destination = spec.destination;
  report.reason = spec.reason;
  report.created = spec.create;
  report.on_source = spec.source_status.messages;
  auto& work = context_.queue.routes.emplace_back();
  work.source = spec.source;
  work.destination = spec.destination;
  work.source_status = spec.source_status;
  work.by_map = spec.by_map;
  work.create = spec.create;
  work.subscribe = spec.subscribe;
  work.use = spec.use;
  work.report = &report;
  work.route.source_mailbox = state::to_mailbox_key(spec.source);
  work.route.destination_mailbox = state::to_mailbox_key(spec.destination);
  work.route.source_validity = spec.source_status.uid_validity;
  work.route.destination_validity = spec.destination_status ? spec.destination_status->uid_validity : 0;
  work.destination_next = spec.destination_status ? spec.destination_status->uid_next : 0;
  return decide(work, spec);
}

/// A run that ended before it recorded anything else left this route: it says nothing of what is there.
Result<bool> CopyRun::is_blank(const state::Route& route) {
  if (route.source_uid_next != 0 || open_intents_.contains(route.id) || parked_.contains(route.id)) return false;
  TRY(const auto runs, context_.journal.journal().settled(route.id, 1, 1));
  return runs.empty();
}

/// What is known of the route, and whether anything has to be asked at all.
Result<> CopyRun::decide(RouteWork& work, const RouteSpec& spec) {
  // UIDs of a source that tells no UIDVALIDITY say nothing beyond a run (quirk z1).
  const auto same = [&work](const state::Route& route) {
    return route.source_validity != 0 && route.source_mailbox == work.route.source_mailbox &&
           route.destination_mailbox == work.route.destination_mailbox &&
           route.source_validity == work.route.source_validity &&
           route.destination_validity == work.route.destination_validity;
  };
  const auto stored = std::ranges::find_if(stored_routes_, same);
  bool blank = true;
  if (stored != stored_routes_.end()) {
    TRY(blank, is_blank(*stored));
  }
  if (spec.destination_status && !blank) {
    work.route = *stored;
    work.fresh = false;
    if (const auto intent = open_intents_.find(work.route.id); intent != open_intents_.end()) {
      work.destination_from = intent->second.destination_from;
      work.doubt = in_doubt_[work.route.id];
      work.doubt_since = std::chrono::steady_clock::now();
    }
    if (const auto parked = parked_.find(work.route.id); parked != parked_.end()) work.parked = parked->second;
    work.suspects.add_blamed(work.parked);
    CHECK_OK(doubt_history(work, spec));
    TRY(const auto mapped, context_.journal.journal().note(context_.journal.pair(), mapped_note(work.route.id)));
    work.was_mapped = mapped && !mapped->empty();
  }
  work.match_first =
      work.fresh && spec.destination_status && spec.destination_status->messages > 0 && spec.source_status.messages > 0;
  const auto& now = work.source_status;
  const bool tokens = pair_.source->traits().change_tokens;
  work.unchanged = !work.fresh && work.doubt.empty() && work.parked.empty() && work.next_expected == 0 && tokens &&
                   now.uid_next != 0 && now.highest_modseq != 0 && now.uid_next == work.route.source_uid_next &&
                   now.messages == work.route.source_messages && now.highest_modseq == work.route.source_modseq;
  if (work.fresh && now.messages == 0 && now.uid_validity != 0) work.unchanged = true;
  if (work.unchanged && !work.fresh) work.report->present = now.messages;
  return {};
}

/// One pipelined turn for all mailboxes. A route without state only needs the UIDs; with state, what changed since.
Task<> CopyRun::scan() {
  std::vector<store::ScanRequest> requests;
  std::deque<KnownFlags> sinks;
  std::vector<store::MetaSink*> sink_pointers;
  struct Asked {
    RouteWork* work;
    std::optional<std::size_t> uids, flags;
    KnownFlags* known;
  };
  std::vector<Asked> asked;
  const bool tokens = pair_.source->traits().change_tokens;
  for (auto& work : context_.queue.routes) {
    if (work.unchanged || work.match_first || work.dead()) continue;
    if (tells_all_uids(work)) {
      work.believed = true;
      CO_CHECK(apply_scan(work, UidSet(UidRange{1, work.source_status.messages}), KnownFlags{}));
      continue;
    }
    Asked ask{&work, {}, {}, &sinks.emplace_back()};
    const auto validity = work.route.source_validity;
    const bool changes = !work.fresh;
    if (const Uid from = list_from(work, tokens); from != 0) {
      ask.uids = requests.size();
      requests.push_back(scan_of(work.source, validity, from));
      sink_pointers.push_back(nullptr);
    }
    if (changes) {
      ask.flags = requests.size();
      requests.push_back({.mailbox = work.source,
                          .uid_validity = validity,
                          .uids = {},
                          .from = 1,
                          .changed_since = tokens ? work.route.source_modseq : 0,
                          .detail = {.flags = true}});
      sink_pointers.push_back(ask.known);
    }
    asked.push_back(ask);
  }
  if (requests.empty()) co_return Result<>{};
  CO_TRY(auto results, co_await pair_.source->scan(requests, sink_pointers));
  for (auto& ask : asked) {
    auto& first = results[ask.uids.value_or(ask.flags.value_or(0))];
    const auto& last = results[ask.flags.value_or(ask.uids.value_or(0))];
    if (!first || !last) {
      ask.work->report->error = !first ? first.error() : last.error();
      continue;
    }
    first->uids.add(UidSet(last->uids));
    ask.known->sort();
    const bool is_whole = ask.uids ? requests[*ask.uids].from == 1 : requests[*ask.flags].changed_since == 0;
    CO_CHECK(take_scan(*ask.work, *ask.known, *first, is_whole));
  }
  co_return Result<>{};
}

/// `is_whole`: what was asked for are all messages.
Result<> CopyRun::take_scan(RouteWork& work, const KnownFlags& flags, const store::ScanResult& scanned, bool is_whole) {
  const auto modseq = scanned.status.highest_modseq;
  take_status(work, scanned);
  // All flags are read by the next run then.
  if (modseq != 0 && modseq < work.route.source_modseq) work.source_status.highest_modseq = 0;
  const Uid next = work.source_status.uid_next;
  if (next != 0 && work.doubt.max() >= next) work.set_back = true;
  // What left the source while it was in doubt is nobody's business any more.
  if (is_whole && scanned.unlisted == 0) work.doubt = work.doubt.intersection(scanned.uids);
  return apply_scan(work, scanned.uids, flags);
}

/// The mailbox as it was when it was opened.
void CopyRun::take_status(RouteWork& work, const store::ScanResult& scanned) {
  const auto& status = scanned.status;
  if (status.uid_next != 0) work.source_status.uid_next = status.uid_next;
  if (status.highest_modseq != 0) work.source_status.highest_modseq = status.highest_modseq;
  work.source_status.messages = status.messages;
  if (work.route.source_validity == 0) work.route.source_validity = status.uid_validity;
  work.report->on_source = status.messages;
  work.report->unlisted = scanned.unlisted;
}

Result<> CopyRun::apply_scan(RouteWork& work, const UidSet& uids, const KnownFlags& flags) {
  work.todo = uids;
  if (!work.fresh) {
    TRY(auto settled, context_.journal.journal().settled_uids(work.route.id));
    // Set back to an earlier state, nobody knows which: UIDs may have been given out a second time.
    if (const Uid next = work.source_status.uid_next; next != 0 && settled.max() >= next) work.set_back = true;
    if (work.set_back) {
      work.forgotten = std::exchange(settled, UidSet{});
      work.unrecorded_from = 1;
    }
    work.todo.remove(settled);
    for (const auto& parked : work.parked) {
      if (!settled.contains(parked.source)) work.todo.add(parked.source);
    }
    work.todo.remove(work.doubt);
    const auto left = work.todo.size() + work.doubt.size();
    work.report->present = work.report->on_source > left ? work.report->on_source - left : 0;
    CHECK_OK(plan_flags(work, flags));
  }
  work.report->planned = work.todo.size() + work.doubt.size();
  const auto& octets = work.source_status.octets;
  if (octets && work.report->on_source > 0)
    work.report->planned_octets = *octets * work.report->planned / std::max<std::uint64_t>(1, work.report->on_source);
  return {};
}

/// Three-way: what changed on the source since the destination last got the flags. Of messages that a run was about to
/// change when it was interrupted, the destination may have the flags from before, the others, or some of both.
Result<> CopyRun::plan_flags(RouteWork& work, const KnownFlags& flags) {
  TRY(const auto note, context_.journal.journal().note(context_.journal.pair(), pending_flags_note(work.route.id)));
  const auto pending = parse_pending(note.value_or(""));
  using Key = std::tuple<std::string, std::string, std::string, bool>;
  std::map<Key, FlagWork> groups;
  for (Uid from = 1; !flags.entries.empty();) {
    TRY(const auto runs, context_.journal.journal().settled(work.route.id, from));
    if (runs.empty()) break;
    for (const auto& run : runs) {
      const auto last = run.source + run.count - 1;
      auto entry = std::ranges::lower_bound(flags.entries, run.source, {}, &KnownFlags::Entry::uid);
      for (; entry != flags.entries.end() && entry->uid <= last; ++entry) {
        const auto& now = flags.combinations[entry->combination];
        const auto uid = entry->uid;
        if (work.forgotten.contains(uid)) continue;
        const auto unsure =
            std::ranges::find_if(pending, [uid](const PendingFlags& group) { return group.source.contains(uid); });
        if (unsure == pending.end() && now == run.flags) continue;
        const auto before = unsure == pending.end() ? run.flags : run.flags.united(unsure->flags);
        auto& group = groups[{run.flags.to_string(), before.to_string(), now.to_string(), unsure != pending.end()}];
        group.before = before;
        group.now = now;
        group.unsure = unsure != pending.end();
        group.recorded = run.flags;
        group.source.add(uid);
        if (run.destination != 0) group.destination.add(run.destination + (uid - run.source));
        ++work.report->flags_planned;
      }
    }
    if (runs.back().source + std::uint64_t{runs.back().count} > 0xFFFFFFFFULL) break;
    from = runs.back().source + runs.back().count;
  }
  for (auto& [key, group] : groups)
    work.flag_work.push_back(std::move(group));
  return {};
}

bool CopyRun::nothing_to_do() const {
  return std::ranges::all_of(context_.queue.routes, [](const RouteWork& work) {
    return work.todo.empty() && work.doubt.empty() && work.flag_work.empty() && work.found.empty() && !work.create &&
           !work.subscribe;
  });
}

}  // namespace mailferry::sync
