// How a source mailbox begins: what is known of it, what of it is wanted at the first look, what another tool had done.
#include "sync/carry/carry_notes.hpp"
#include "sync/carry/source_mailbox.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace mailferry::sync {
namespace {

/// A first look within so many seconds of the start counts as the start.
constexpr std::int64_t kAtOnce = 5;
/// Clocks differ by so many seconds; what came shortly before is carried rather than lost.
constexpr std::int64_t kClocks = 2;

/// What the server tells no date of is never old: nothing is left out or removed on a guess.
class OldSink final : public store::MetaSink {
 public:
  explicit OldSink(std::int64_t before) : before_(before) {}
  void message(store::MessageMeta&& meta) override {
    const bool is_all = before_ == std::numeric_limits<std::int64_t>::max();
    if (is_all || (meta.is_dated && meta.date.seconds < before_)) old.add(meta.uid);
  }
  UidSet old;

 private:
  std::int64_t before_;
};

/// A Message-ID is that of one message: where several have it, machines write it, and it says nothing of any.
class DeliveredSink final : public store::MetaSink {
 public:
  explicit DeliveredSink(const std::set<std::string>& message_ids) : message_ids_(message_ids) {}
  void message(store::MessageMeta&& meta) override {
    if (!message_ids_.contains(meta.message_id)) return;
    auto& seen = seen_[meta.message_id];
    seen.uid = meta.uid;
    ++seen.times;
  }
  [[nodiscard]] UidSet found() const {
    UidSet uids;
    for (const auto& [message_id, seen] : seen_) {
      if (seen.times == 1) uids.add(seen.uid);
    }
    return uids;
  }

 private:
  struct Seen {
    Uid uid = 0;
    int times = 0;
  };
  const std::set<std::string>& message_ids_;
  std::map<std::string, Seen> seen_;
};

class KindSink final : public store::MetaSink {
 public:
  void message(store::MessageMeta&& meta) override {
    digests.push_back(meta.identity.digest);
    highest = std::max(highest, meta.uid);
  }
  std::vector<Digest> digests;
  Uid highest = 0;
};

/// Of each of which there are several, one; sorted.
std::vector<Digest> repeated_of(std::vector<Digest> digests) {
  std::ranges::sort(digests);
  std::vector<Digest> repeated;
  for (std::size_t index = 1; index < digests.size(); ++index) {
    if (digests[index] == digests[index - 1]) repeated.push_back(digests[index]);
  }
  return repeated;
}

/// The other tool knew no UIDVALIDITY: a mailbox without the UIDs that it names is not the one that it meant.
bool is_meant(const CarryRule& rule, Uid uid_next) {
  Uid highest = rule.done_up_to;
  for (const auto& target : rule.to) {
    if (!target.uids_before.empty()) highest = std::max(highest, target.uids_before.max());
  }
  return rule.done_up_to > 0 && (uid_next == 0 || highest < uid_next);
}

/// What is not wanted of its mailbox is recorded.
bool has_begun(const CarryRoute& route) {
  return route.row.id != 0 && route.row.source_uid_next != 0;
}

/// Whether any account's mail was ever begun to be brought there.
Result<bool> is_used(state::Journal& journal, const std::string& destination_mailbox) {
  TRY(const auto pairs, journal.pairs());
  for (const auto& pair : pairs) {
    TRY(const auto rows, journal.routes(pair.id));
    const auto is_of_it = [&](const state::Route& row) {
      return row.destination_mailbox == destination_mailbox && row.source_uid_next != 0;
    };
    if (std::ranges::any_of(rows, is_of_it)) return true;
  }
  return false;
}

}  // namespace

Task<> SourceMailbox::begin(store::Session& session, const store::MailboxStatus& status) {
  const bool was_replaced = uid_validity_ != 0;
  uid_validity_ = status.uid_validity;
  unseen_ = {};
  set_back_ = {};
  kinds_.reset();
  uid_next_ = sized_up_to_ = 0;
  replaced_ = replaced_ || was_replaced;
  CO_CHECK(co_await load(status.uid_validity));
  parked_before_.clear();
  if (is_to_retry_) retry_parked();
  const bool is_new = std::ranges::any_of(routes_, [](const CarryRoute& route) { return !has_begun(route); });
  if (!is_new) co_return Result<>{};
  old_below_ = status.uid_next == 0 ? std::numeric_limits<Uid>::max() : status.uid_next;
  CO_CHECK(note_beginnings());
  if (replaced_) context_.observer.trouble(account_, validity_changed(rule_.from));
  co_return co_await skip_old(session, status);
}

/// Before the routes have begun. What this bridge brought to a mailbox before is compared by its content, unless all of
/// the source's mailbox is numbered anew.
Result<> SourceMailbox::note_beginnings() {
  for (auto& route : routes_) {
    if (has_begun(route)) continue;
    auto& used = route.to->used_before;
    if (!used) {
      TRY(used, is_used(context_.journal.journal(), route.row.destination_mailbox));
    }
    route.begins_anew = replaced_ || !*used;
  }
  return {};
}

Task<> SourceMailbox::load(UidValidity uid_validity) {
  auto& journal = context_.journal.journal();
  CO_TRY(const auto rows, journal.routes(pair_));
  CO_TRY(const auto intents, journal.open_intents(pair_));
  routes_.clear();
  for (const auto& target : rule_.to) {
    auto& route = routes_.emplace_back();
    route.to = &context_.mailbox(target.mailbox);
    route.labels = target.labels;
    route.follows = settings_.follow_flags;
    route.row = {.source_mailbox = state::to_mailbox_key(rule_.from),
                 .destination_mailbox = state::to_mailbox_key(target.mailbox),
                 .source_validity = uid_validity};
    CO_CHECK(co_await load_route(route, rows, intents));
  }
  co_return Result<>{};
}

Result<> SourceMailbox::load_uids(CarryRoute& route) {
  auto& journal = context_.journal.journal();
  TRY(route.settled, journal.settled_uids(route.row.id));
  TRY(const auto skipped, journal.note(pair_, skipped_note(route.row.id)));
  TRY(route.skipped, parse_note(skipped));
  TRY(const auto gone, journal.note(context_.journal.own_pair(), gone_note(route.row.id)));
  TRY(route.gone, parse_note(gone));
  TRY(const auto there, journal.note(context_.journal.own_pair(), there_note(route.row.id)));
  TRY(route.there, parse_note(there));
  route.there_unsaved = !there;
  if (!there) route.there = route.settled;
  CHECK_OK(load_unlabelled(route));
  CHECK_OK(load_left(route));
  if (route.follows) CHECK_OK(load_placed(route));
  return {};
}

Task<> SourceMailbox::load_route(CarryRoute& route, const std::vector<state::Route>& rows,
                                 const std::vector<state::Intent>& intents) {
  auto& journal = context_.journal.journal();
  const auto same = [&](const state::Route& row) {
    return row.source_mailbox == route.row.source_mailbox && row.destination_mailbox == route.row.destination_mailbox &&
           row.source_validity == route.row.source_validity;
  };
  const auto found = std::ranges::find_if(rows, same);
  if (found == rows.end()) {
    replaced_ = replaced_ || std::ranges::any_of(rows, [&](const state::Route& row) {
                  return row.source_mailbox == route.row.source_mailbox &&
                         row.destination_mailbox == route.row.destination_mailbox;
                });
    co_return Result<>{};
  }
  route.row = *found;
  CO_CHECK(load_uids(route));
  CO_TRY(const auto parked, journal.parked(pair_));
  for (const auto& message : parked) {
    if (message.route == route.row.id) route.parked.emplace(message.source, message);
  }
  const auto intent = std::ranges::find(intents, route.row.id, &state::Intent::route);
  if (intent != intents.end()) CO_CHECK(load_intent(route, *intent));
  co_return Result<>{};
}

Result<> SourceMailbox::load_intent(CarryRoute& route, const state::Intent& intent) {
  auto& journal = context_.journal;
  TRY(const auto note, journal.journal().note(journal.own_pair(), intended_note(route.row.id)));
  if (note) std::from_chars(note->data(), note->data() + note->size(), route.intent_validity);
  route.intent_validity_saved = route.intent_validity;
  route.intent = intent;
  route.all_doubtful = true;
  // The server may still be storing what was sent before the end.
  route.to->doubt_now(intent.destination_from, route.intent_validity);
  return {};
}

Result<> SourceMailbox::load_placed(CarryRoute& route) {
  auto& journal = context_.journal;
  TRY(const auto note, journal.journal().note(journal.own_pair(), placed_note(route.row.id)));
  if (note) std::from_chars(note->data(), note->data() + note->size(), route.placed_validity);
  route.placed_validity_saved = route.placed_validity;
  for (Uid from = 1; from != 0;) {
    TRY(const auto runs, journal.journal().settled(route.row.id, from));
    from = runs.empty() ? 0 : runs.back().source + runs.back().count;
    for (const auto& run : runs) {
      for (std::uint32_t index = 0; run.destination != 0 && index < run.count; ++index)
        route.placed.insert_or_assign(run.source + index, Placed{run.destination + index, run.flags});
    }
  }
  return {};
}

/// "UIDVALIDITY UIDNEXT"
Result<> SourceMailbox::load_left(const CarryRoute& route) {
  TRY(const auto note,
      context_.journal.journal().note(context_.journal.own_pair(), left_note(route.row.destination_mailbox)));
  if (!note) return {};
  DestinationMailbox::Found left;
  const auto blank = std::min(note->find(' '), note->size());
  std::from_chars(note->data(), note->data() + blank, left.uid_validity);
  if (blank < note->size()) std::from_chars(note->data() + blank + 1, note->data() + note->size(), left.uid_next);
  route.to->expect(left);
  return {};
}

/// "UIDVALIDITY UIDs"
Result<> SourceMailbox::load_unlabelled(CarryRoute& route) {
  auto& journal = context_.journal;
  TRY(const auto note, journal.journal().note(journal.own_pair(), unlabelled_note(route.row.id)));
  if (!note) return {};
  const auto blank = note->find(' ');
  if (blank == std::string::npos) return {};
  std::from_chars(note->data(), note->data() + blank, route.label_validity);
  TRY(route.unlabelled, parse_note(note->substr(blank + 1)));
  route.unlabelled_saved = route.unlabelled;
  return {};
}

Task<std::int64_t> SourceMailbox::wanted_since() {
  CO_TRY(const auto note, context_.journal.journal().note(pair_, since_note(rule_.from)));
  if (note) {
    std::int64_t since = 0;
    std::from_chars(note->data(), note->data() + note->size(), since);
    co_return since;
  }
  if (settings_.new_only) co_return looks_late() ? new_since_ - kClocks : unix_now();
  co_return settings_.since_days ? unix_now() - *settings_.since_days* kDay : 0;
}

Result<> SourceMailbox::note_new_since() {
  if (!settings_.new_only) return {};
  auto& journal = context_.journal.journal();
  TRY(const auto seen, journal.note(pair_, since_note(rule_.from)));
  if (seen) return {};
  TRY(const auto note, journal.note(pair_, new_since_note(rule_.from)));
  new_since_ = unix_now();
  if (note) {
    std::from_chars(note->data(), note->data() + note->size(), new_since_);
    return {};
  }
  state::Batch batch;
  batch.notes.emplace_back(new_since_note(rule_.from), std::to_string(new_since_));
  return journal.apply(pair_, batch);
}

/// Where the first look comes at once, what is there by then is old, whatever its date. Later only dates tell.
bool SourceMailbox::looks_late() const {
  return new_since_ != 0 && (looked_in_vain_ || unix_now() > new_since_ + kAtOnce);
}

/// `all_of_it`: only what comes from now on is wanted.
Task<UidSet> SourceMailbox::unwanted(store::Session& session, const store::MailboxStatus& status, bool all_of_it,
                                     std::int64_t since) {
  UidSet uids;
  if (all_of_it && status.uid_next == 0) since = std::numeric_limits<std::int64_t>::max();
  if (all_of_it && status.uid_next > 1) uids.add(UidRange{1, status.uid_next - 1});
  const bool by_date = since > 0 && !(all_of_it && status.uid_next != 0);
  if (by_date) {
    CO_TRY(uids, co_await older_than(session, since));
  }
  co_return uids;
}

/// What each route need not carry from the start.
Task<SourceMailbox::Beginning> SourceMailbox::beginning(store::Session& session, const store::MailboxStatus& status) {
  CO_TRY(const auto note, context_.journal.journal().note(pair_, since_note(rule_.from)));
  Beginning found;
  found.seen_before = note.has_value();
  CO_TRY(found.since, co_await wanted_since());
  found.takes_over = !found.seen_before && is_meant(rule_, status.uid_next);
  if (found.takes_over) {
    found.skipped = UidSet(UidRange{1, rule_.done_up_to});
    found.skipped.remove(rule_.but);
  } else {
    const bool all_of_it = !found.seen_before && settings_.new_only && !looks_late();
    CO_TRY(found.skipped, co_await unwanted(session, status, all_of_it, found.since));
  }
  co_return found;
}

/// Gives the new routes their rows in the journal.
Task<> SourceMailbox::add_rows() {
  state::Batch batch;
  for (auto& route : routes_) {
    if (route.row.id == 0) batch.routes.push_back(route.row);
  }
  CO_CHECK(co_await context_.journal.apply(pair_, batch));
  auto row = batch.routes.begin();
  for (auto& route : routes_) {
    if (route.row.id == 0) route.row = *row++;
  }
  co_return Result<>{};
}

void SourceMailbox::begin_route(CarryRoute& route, const UidSet& skipped, state::Batch& batch) {
  // With this, what is not wanted is known: a crash before it is as if the mailbox had never been seen.
  route.row.source_uid_next = 1;
  route.there_unsaved = true;
  batch.routes.push_back(route.row);
  // Another tool's word is no proof: what it says it carried is not pruned.
  route.skipped = skipped;
  for (const auto& range : route.skipped.ranges())
    route.settle(range);
  if (!route.skipped.empty()) batch.notes.emplace_back(skipped_note(route.row.id), route.skipped.to_string());
  route.save(batch);
}

/// The first look at a mailbox: what is not wanted of it is settled from the start.
Task<> SourceMailbox::skip_old(store::Session& session, const store::MailboxStatus& status) {
  CO_TRY(const auto found, co_await beginning(session, status));
  CO_CHECK(co_await add_rows());
  state::Batch batch;
  batch.notes.emplace_back(since_note(rule_.from), std::to_string(found.since));
  auto target = rule_.to.begin();
  for (auto& route : routes_) {
    auto skipped = found.skipped;
    if (found.takes_over) skipped.add(target->uids_before);
    if (!has_begun(route)) begin_route(route, skipped, batch);
    ++target;
  }
  if (!found.seen_before) CO_CHECK(co_await take_over_delivered(session, batch));
  co_return co_await context_.journal.apply(pair_, batch);
}

/// What another tool had brought to a target by its Message-ID need not be looked for there: it may have been moved.
Task<> SourceMailbox::take_over_delivered(store::Session& session, state::Batch& batch) {
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    const auto* delivered = rule_.to[index].delivered_before;
    if (delivered == nullptr || delivered->empty()) continue;
    auto& route = routes_[index];
    store::ScanRequest request{
        .mailbox = rule_.from, .uid_validity = uid_validity_, .uids = {}, .from = 1, .changed_since = 0, .detail = {}};
    request.detail.identity = true;
    request.detail.message_id = true;
    DeliveredSink sink(*delivered);
    const std::vector<store::ScanRequest> requests{std::move(request)};
    const std::vector<store::MetaSink*> sinks{&sink};
    CO_TRY(auto results, co_await session.scan(requests, sinks));
    if (!results.front()) co_return std::unexpected(results.front().error());
    // Its word is no proof: what it says it brought is not pruned.
    auto taken = sink.found();
    taken.remove(route.settled);
    route.skipped.add(taken);
    if (!taken.empty()) batch.notes.emplace_back(skipped_note(route.row.id), route.skipped.to_string());
    for (const auto& range : taken.ranges())
      route.settle(range);
    route.save(batch);
  }
  co_return Result<>{};
}

/// A mailbox that refuses it, or breaks the connection, has no message of which anything is known: it is not asked
/// twice.
Task<> SourceMailbox::learn_kinds(store::Session& session) {
  store::ScanRequest request{.mailbox = rule_.from,
                             .uid_validity = uid_validity_,
                             .uids = {},
                             .from = 1,
                             .changed_since = 0,
                             .detail = {.identity = true}};
  kinds_ = Kinds{};
  KindSink sink;
  const std::vector<store::ScanRequest> requests{std::move(request)};
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(const auto results, co_await session.scan(requests, sinks));
  const bool is_known = results.front() && results.front()->unlisted == 0;
  if (!is_known) co_return Result<>{};
  kinds_->up_to = sink.highest;
  kinds_->repeated = repeated_of(std::move(sink.digests));
  co_return Result<>{};
}

bool SourceMailbox::is_one_of_its_kind(Uid uid, const Digest& identity) const {
  return kinds_ && uid <= kinds_->up_to && !std::ranges::binary_search(kinds_->repeated, identity);
}

Task<UidSet> SourceMailbox::older_than(store::Session& session, std::int64_t seconds) {
  store::ScanRequest request{
      .mailbox = rule_.from, .uid_validity = uid_validity_, .uids = {}, .from = 1, .changed_since = 0, .detail = {}};
  request.detail.date = true;
  OldSink sink(seconds);
  const std::vector<store::ScanRequest> requests{std::move(request)};
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  co_return std::move(sink.old);
}

}  // namespace mailferry::sync
