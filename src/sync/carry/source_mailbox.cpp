#include "sync/carry/source_mailbox.hpp"

#include "base/log.hpp"
#include "base/units.hpp"
#include "sync/carry/carry_notes.hpp"

#include <algorithm>
#include <limits>
#include <random>

namespace mailferry::sync {
namespace {

double unit_random() {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<>{0.0, 1.0}(generator);
}

Error counts_more(const MailboxPath& path, std::uint32_t messages) {
  return {.kind = ErrorKind::protocol,
          .scope = Scope::mailbox,
          .retry = Retry::later,
          .retry_after = {},
          .message = fmt::format("{} counts {} than it lists", path.to_string(),
                                 format_counted(messages, "message more", "messages more")),
          .remedy = "look at the mailbox with a mail program: what the server does not list cannot be carried",
          .trail = {}};
}

Error set_back_error(const MailboxPath& path, Uid uid) {
  return {
      .kind = ErrorKind::protocol,
      .scope = Scope::mailbox,
      .retry = Retry::now,
      .retry_after = {},
      .message = fmt::format("{} counts its messages from UID {} again, as if an older copy of it had been restored",
                             path.to_string(), uid),
      .remedy = "what is there from this UID on is looked for on the destination, and carried where it is not there",
      .trail = {}};
}

Error destination_set_back_error(const MailboxPath& path) {
  return {.kind = ErrorKind::protocol,
          .scope = Scope::mailbox,
          .retry = Retry::now,
          .retry_after = {},
          .message = fmt::format("{} was made anew, or an older copy of it was restored", path.to_string()),
          .remedy =
              "what was brought there before is not removed from the source any more; `mailferry copy` brings what "
              "is missing",
          .trail = {}};
}

}  // namespace

Error validity_changed(const MailboxPath& path) {
  return {.kind = ErrorKind::protocol,
          .scope = Scope::mailbox,
          .retry = Retry::now,
          .retry_after = {},
          .message = "UIDVALIDITY of " + path.to_string() + " changed",
          .remedy = {},
          .trail = {}};
}

/// Only what is not settled is asked for: of a large mailbox where one message is parked that is little.
Task<store::ScanResult> SourceMailbox::scan_open(store::Session& session, const UidSet& holes, Uid from) {
  // With FETCH and not SEARCH: what is left out counts as gone, and not every server finds all it has (quirk z5).
  const store::ScanDetail detail{.flags = true};
  std::vector<store::ScanRequest> requests;
  requests.push_back({.mailbox = rule_.from, .from = from, .detail = detail});
  if (!holes.empty()) requests.push_back({.mailbox = rule_.from, .uids = holes, .detail = detail});
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(auto results, co_await session.scan(requests, no_sinks));
  for (auto& result : results) {
    if (!result) co_return std::unexpected(result.error());
    if (result->status.uid_validity != results.front()->status.uid_validity)
      co_return std::unexpected(validity_changed(rule_.from));
  }
  auto looked = std::move(*results.front());
  if (results.size() > 1) looked.uids.add(results.back()->uids);
  co_return looked;
}

Task<UidSet> SourceMailbox::look(store::Session& session, Again again) {
  UidSet looked_at;
  const auto from = tail(looked_at);
  CO_TRY(const auto looked, co_await scan_open(session, looked_at, from));
  const auto& status = looked.status;
  if (status.uid_validity == 0 || (status.uid_validity != uid_validity_ && again == Again::yes))
    co_return std::unexpected(validity_changed(rule_.from));  // each time: later, then
  if (status.uid_validity != uid_validity_) {
    const bool is_to_retry = is_to_retry_;
    const auto begun = co_await begin(session, status);
    if (!begun) {  // whatever of it was done, the next look begins anew
      uid_validity_ = 0;
      is_to_retry_ = is_to_retry_ || is_to_retry;
      co_return std::unexpected(begun.error());
    }
    co_return co_await look(session, Again::yes);
  }
  const auto& found = looked.uids;
  const auto set_back_to = set_back_.look(status.uid_next, seen_below(), found.max(), std::chrono::steady_clock::now());
  if (set_back_to != 0) {
    CO_CHECK(co_await forget_from(set_back_to));
    co_return co_await look(session, again);
  }
  // Not every server tells its UIDNEXT, and what was seen is gone where it is not listed any more.
  const auto end = std::max({status.uid_next, found.empty() ? 0 : found.max() + 1, seen_below()});
  if (end > from) looked_at.add(UidRange{from, end - 1});
  spare_unseen(looked_at, looked, from);
  if (end > 1) uid_next_ = end;
  co_return take_found(found, looked_at);
}

UidSet SourceMailbox::take_found(const UidSet& found, const UidSet& looked_at) {
  const auto now = std::chrono::steady_clock::now();
  UidSet open;
  open_ = 0;
  for (auto& route : routes_) {
    if (now >= route.unready_until) route.unready_until = {};
    take_gone(route, looked_at, found);
    auto wanted = found;
    wanted.remove(route.settled);
    if (std::exchange(route.all_doubtful, false)) doubt(route, wanted);
    auto each = wanted.each();
    for (auto uid = each.next(); uid != 0; uid = each.next()) {
      if (!route.rests(uid, now)) open.add(uid);
      if (!route.parked.contains(uid)) ++open_;
    }
  }
  return open;
}

/// What is parked is looked for on the destination whenever it is tried again.
void SourceMailbox::doubt(CarryRoute& route, const UidSet& open) {
  route.doubtful.add(open);
  for (const auto& [uid, parked] : route.parked)
    route.doubtful.remove(UidRange{uid, uid});
}

void SourceMailbox::spare_unseen(UidSet& looked_at, const store::ScanResult& looked, Uid from) {
  if (from <= 1 && looked.unlisted == 0) {  // the server's count proves that nothing is left out
    unseen_ = {};
    return;
  }
  if (looked.unlisted > 0) context_.observer.trouble(account_, counts_more(rule_.from, looked.unlisted));
  unseen_.look(looked_at, looked.uids, std::chrono::steady_clock::now());
  unseen_.spare(looked_at);
}

void SourceMailbox::take_gone(CarryRoute& route, const UidSet& looked_at, const UidSet& found) {
  auto gone = looked_at;
  gone.remove(found);
  gone.remove(route.settled);
  route.gone.add(gone);
  route.gone_unsaved |= !gone.empty();
  for (const auto& range : gone.ranges()) {
    route.settle(range);
    const auto first = route.parked.lower_bound(range.first), last = route.parked.upper_bound(range.last);
    for (auto at = first; at != last; ++at)
      log::info("a message that could not be delivered is on the source no more",
                {{"account", account_}, {"mailbox", rule_.from.to_string()}, {"uid", std::to_string(at->first)}});
    route.parked.erase(first, last);
  }
}

Uid SourceMailbox::seen_below() const {
  auto end = uid_next_;
  for (const auto& route : routes_) {
    end = std::max(end, route.first_unknown());
    if (!route.troubled.empty()) end = std::max(end, route.troubled.rbegin()->first + 1);
    if (!route.parked.empty()) end = std::max(end, route.parked.rbegin()->first + 1);
  }
  return end;
}

Task<> SourceMailbox::forget_from(Uid uid) {
  context_.observer.trouble(account_, set_back_error(rule_.from, uid));
  const UidRange range{uid, kLastUid};
  state::Batch batch;
  for (auto& route : routes_) {
    route.forget(range);
    batch.forgotten.emplace_back(route.row.id, UidSet(range));
    batch.unparked.emplace_back(route.row.id, UidSet(range));
    batch.notes.emplace_back(skipped_note(route.row.id), route.skipped.to_string());
    route.gone_unsaved = true;
  }
  replaced_ = true;
  old_below_ = kLastUid;
  unseen_ = {};
  uid_next_ = uid;
  followed_modseq_ = 0;
  context_.journal.mark_dirty();
  co_return co_await context_.journal.apply(pair_, batch);
}

Uid SourceMailbox::tail(UidSet& holes) const {
  if (routes_.empty()) return kLastUid;
  Uid from = kLastUid;
  auto settled = routes_.front().settled;
  for (const auto& route : routes_) {
    from = std::min(from, route.first_unknown());
    settled = settled.intersection(route.settled);
  }
  if (from > 1) holes.add(UidRange{1, from - 1});
  holes.remove(settled);
  return from;
}

void SourceMailbox::note_size(Uid uid, std::uint64_t octets) {
  if (uid <= sized_up_to_) return;
  sized_up_to_ = uid;
  ++sized_;
  sized_octets_ += octets;
}

std::uint64_t SourceMailbox::open_octets(plan::Direction direction) const {
  if (sized_ == 0 || routes_.empty()) return 0;
  const auto octets = static_cast<double>(open_) * static_cast<double>(sized_octets_) / static_cast<double>(sized_);
  const auto times = direction == plan::Direction::down ? static_cast<double>(routes_.size()) : 1.0;
  return static_cast<std::uint64_t>(octets / times);
}

Task<> SourceMailbox::intend(CarryRoute& route) {
  if (context_.journal.error()) co_return std::unexpected(*context_.journal.error());
  if (route.is_intended()) co_return Result<>{};
  route.intend();
  state::Batch batch;
  batch.intents.push_back(*route.intent);
  save_validity(route, batch);
  auto written = co_await context_.journal.apply(context_.journal.own_pair(), batch);
  if (!written) route.intent.reset();
  co_return written;
}

/// For apply() with the pair that flushes have.
void SourceMailbox::save_validity(CarryRoute& route, state::Batch& batch) {
  if (route.row.id == 0 || !route.intent || route.intent_validity == route.intent_validity_saved) return;
  batch.notes.emplace_back(intended_note(route.row.id), std::to_string(route.intent_validity));
  route.intent_validity_saved = route.intent_validity;
}

void SourceMailbox::settle(CarryRoute& route, UidRange range) {
  if (!route.settle(range)) return;
  open_ -= std::min(open_, range.size());
  route.parked.erase(route.parked.lower_bound(range.first), route.parked.upper_bound(range.last));
  context_.journal.note_settled(range.size());
}

std::chrono::milliseconds SourceMailbox::pause_after(int failures, const Error& error) const {
  auto policy = context_.settings.backoff;
  policy.max_attempts = std::numeric_limits<int>::max();
  policy.budget = std::chrono::milliseconds::max();
  auto transient = error;
  transient.retry = Retry::later;
  return policy.delay_after(failures, {}, transient, 0.5 + unit_random() / 2).value_or(policy.ceiling);
}

SteadyTime SourceMailbox::next_due() const {
  auto due = std::min(unseen_.due(), set_back_.due());
  for (const auto& route : routes_)
    due = std::min(due, route.next_due());
  return std::max(due, rests_until_);
}

void SourceMailbox::rest_after_look(SteadyTime begun) {
  rests_until_ = {};
  if (next_due() <= begun) rests_until_ = std::chrono::steady_clock::now() + context_.settings.backoff.first;
}

void SourceMailbox::heed_set_backs() {
  for (auto& route : routes_) {
    if (!route.heed_set_back() || !is_pruned()) continue;
    context_.observer.trouble(context_.destination.name(), destination_set_back_error(route.to->path()));
    context_.journal.mark_dirty();
  }
}

void SourceMailbox::save(state::Batch& batch) {
  heed_set_backs();
  for (auto& route : routes_) {
    if (const auto left = route.to->take_left())
      batch.notes.emplace_back(left_note(route.row.destination_mailbox),
                               fmt::format("{} {}", left->uid_validity, left->uid_next));
    route.save(batch);
    save_validity(route, batch);
    if (route.row.id != 0 && std::exchange(route.gone_unsaved, false))
      batch.notes.emplace_back(gone_note(route.row.id), route.gone.to_string());
    if (route.row.id != 0 && std::exchange(route.there_unsaved, false))
      batch.notes.emplace_back(there_note(route.row.id), route.there.to_string());
    if (route.row.id != 0 && route.placed_validity != route.placed_validity_saved) {
      batch.notes.emplace_back(placed_note(route.row.id), std::to_string(route.placed_validity));
      route.placed_validity_saved = route.placed_validity;
    }
    if (route.row.id == 0 || route.unlabelled == route.unlabelled_saved) continue;
    batch.notes.emplace_back(unlabelled_note(route.row.id),
                             fmt::format("{} {}", route.label_validity, route.unlabelled.to_string()));
    route.unlabelled_saved = route.unlabelled;
  }
}

void SourceMailbox::close_intents(state::Batch& batch) {
  for (auto& route : routes_) {
    if (!route.intent || !route.is_sure()) continue;
    batch.closed_intents.push_back(route.row.id);
    route.intent.reset();
  }
}

UidSet SourceMailbox::delivered_everywhere() const {
  UidSet delivered;
  bool first = true;
  for (const auto& route : routes_) {
    auto proven = route.settled;
    proven.remove(route.skipped);
    proven.remove(route.gone);
    proven.remove(route.there);
    delivered = std::exchange(first, false) ? std::move(proven) : delivered.intersection(proven);
  }
  // It may stand for another message now.
  if (set_back_.doubtful_from() != 0) delivered.remove(UidRange{set_back_.doubtful_from(), kLastUid});
  return delivered;
}

void SourceMailbox::note_pruned(const UidSet& uids) {
  for (auto& route : routes_) {
    route.gone.add(uids);
    route.unplace(uids);
  }
  context_.journal.mark_dirty();
}

}  // namespace mailferry::sync
