#include "sync/carry/source_mailbox.hpp"

#include "state/mailbox_key.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <random>

namespace mailferry::sync {
namespace {

constexpr Uid kLastUid = std::numeric_limits<Uid>::max() - 1;
constexpr std::int64_t kDay = 86'400;

double unit_random() {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<>{0.0, 1.0}(generator);
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Key of the note that tells from which date on the mail of a mailbox is wanted (seconds since 1970), fixed when the
/// carrier first saw it: a UIDVALIDITY that changes later does not make old mail wanted.
std::string since_note(const MailboxPath& mailbox) {
  return "since:" + state::to_mailbox_key(mailbox);
}

/// Key of the note with the UIDs of a route that were never wanted: they are not proven delivered.
std::string skipped_note(state::RouteId route) {
  return fmt::format("skipped:{}", route);
}

/// Key of the note with the UIDs on the destination that still lack their labels.
std::string unlabelled_note(state::RouteId route) {
  return fmt::format("unlabelled:{}", route);
}

Result<UidSet> parse_note(const std::optional<std::string>& note) {
  if (!note || note->empty()) return UidSet();
  return UidSet::parse(*note);
}

class OldSink final : public store::MetaSink {
 public:
  explicit OldSink(std::int64_t before) : before_(before) {}
  void message(store::MessageMeta&& meta) override {
    if (meta.date.seconds < before_) old.add(meta.uid);
  }
  UidSet old;

 private:
  std::int64_t before_;
};

class DeliveredSink final : public store::MetaSink {
 public:
  explicit DeliveredSink(const std::set<std::string>& message_ids) : message_ids_(message_ids) {}
  void message(store::MessageMeta&& meta) override {
    if (message_ids_.contains(meta.message_id)) found.add(meta.uid);
  }
  UidSet found;

 private:
  const std::set<std::string>& message_ids_;
};

/// What is not wanted of its mailbox is recorded.
bool has_begun(const CarryRoute& route) {
  return route.row.id != 0 && route.row.source_uid_next != 0;
}

Error validity_changed(const MailboxPath& path) {
  return {.kind = ErrorKind::protocol,
          .scope = Scope::mailbox,
          .retry = Retry::now,
          .retry_after = {},
          .message = "UIDVALIDITY of " + path.to_string() + " changed",
          .remedy = {},
          .trail = {}};
}

}  // namespace

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
    CO_CHECK(co_await begin(session, status));
    co_return co_await look(session, Again::yes);
  }
  const auto& found = looked.uids;
  const auto end = std::max(status.uid_next, found.empty() ? 0 : found.max() + 1);
  if (end > 1) uid_next_ = end;
  if (end > from) looked_at.add(UidRange{from, end - 1});
  const auto now = std::chrono::steady_clock::now();
  UidSet open;
  open_ = 0;
  for (auto& route : routes_) {
    take_gone(route, looked_at, found);
    auto wanted = found;
    wanted.remove(route.settled);
    if (std::exchange(route.all_doubtful, false)) route.doubtful.add(wanted);
    auto each = wanted.each();
    for (auto uid = each.next(); uid != 0; uid = each.next()) {
      if (!route.rests(uid, now)) open.add(uid);
      if (!route.parked.contains(uid)) ++open_;
    }
  }
  co_return open;
}

void SourceMailbox::take_gone(CarryRoute& route, const UidSet& looked_at, const UidSet& found) {
  auto gone = looked_at;
  gone.remove(found);
  gone.remove(route.settled);
  for (const auto& range : gone.ranges()) {
    route.settle(range);
    route.parked.erase(route.parked.lower_bound(range.first), route.parked.upper_bound(range.last));
  }
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

Task<> SourceMailbox::begin(store::Session& session, const store::MailboxStatus& status) {
  const bool replaced = uid_validity_ != 0;
  uid_validity_ = status.uid_validity;
  CO_CHECK(co_await load(status.uid_validity));
  const bool is_new = std::ranges::any_of(routes_, [](const CarryRoute& route) { return !has_begun(route); });
  if (!is_new) co_return Result<>{};
  replaced_ = replaced_ || replaced;
  if (replaced_) context_.observer.trouble(account_, validity_changed(rule_.from));
  co_return co_await skip_old(session, status);
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
    route.row = {.source_mailbox = state::to_mailbox_key(rule_.from),
                 .destination_mailbox = state::to_mailbox_key(target.mailbox),
                 .source_validity = uid_validity};
    CO_CHECK(co_await load_route(route, rows, intents));
  }
  co_return Result<>{};
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
  CO_TRY(route.settled, journal.settled_uids(route.row.id));
  CO_TRY(const auto skipped, journal.note(pair_, skipped_note(route.row.id)));
  CO_TRY(route.skipped, parse_note(skipped));
  CO_CHECK(load_unlabelled(route));
  CO_TRY(const auto parked, journal.parked(pair_));
  for (const auto& message : parked) {
    if (message.route == route.row.id) route.parked.emplace(message.source, message);
  }
  const auto intent = std::ranges::find(intents, route.row.id, &state::Intent::route);
  if (intent == intents.end()) co_return Result<>{};
  route.intent = *intent;
  route.all_doubtful = true;
  // The server may still be storing what was sent before the end.
  route.to->doubt_now(intent->destination_from);
  co_return Result<>{};
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
  if (settings_.new_only) co_return unix_now();
  co_return settings_.since_days ? unix_now() - *settings_.since_days* kDay : 0;
}

/// The first look at a mailbox: what is not wanted of it is settled from the start.
Task<> SourceMailbox::skip_old(store::Session& session, const store::MailboxStatus& status) {
  CO_TRY(const auto note, context_.journal.journal().note(pair_, since_note(rule_.from)));
  const bool seen_before = note.has_value();
  CO_TRY(const auto since, co_await wanted_since());
  UidSet skipped;
  UidSet taken_over;
  // The other tool knew no UIDVALIDITY: a mailbox without that UID is not the one that it meant.
  const bool is_meant = rule_.done_up_to > 0 && (status.uid_next == 0 || rule_.done_up_to < status.uid_next);
  if (!seen_before && is_meant) {
    taken_over = UidSet(UidRange{1, rule_.done_up_to});
    taken_over.remove(rule_.but);
  } else if (!seen_before && settings_.new_only) {
    if (status.uid_next > 1) skipped = UidSet(UidRange{1, status.uid_next - 1});
    if (status.uid_next == 0) {
      CO_TRY(skipped, co_await older_than(session, std::numeric_limits<std::int64_t>::max()));
    }
  } else if (since > 0) {
    CO_TRY(skipped, co_await older_than(session, since));
  }
  std::vector<state::Route> rows;
  state::Batch batch;
  for (auto& route : routes_) {
    if (route.row.id == 0) batch.routes.push_back(route.row);
  }
  CO_CHECK(co_await context_.journal.apply(pair_, batch));
  state::Batch notes;
  notes.notes.emplace_back(since_note(rule_.from), std::to_string(since));
  auto row = batch.routes.begin();
  for (auto& route : routes_) {
    if (has_begun(route)) continue;
    if (route.row.id == 0) route.row = *row++;
    // With this, what is not wanted is known: a crash before it is as if the mailbox had never been seen.
    route.row.source_uid_next = 1;
    notes.routes.push_back(route.row);
    // Another tool's word is no proof: what it says it carried is not pruned.
    route.skipped = skipped;
    route.skipped.add(taken_over);
    for (const auto& range : route.skipped.ranges())
      route.settle(range);
    if (!route.skipped.empty()) notes.notes.emplace_back(skipped_note(route.row.id), route.skipped.to_string());
    route.save(notes);
  }
  if (!seen_before) CO_CHECK(co_await take_over_delivered(session, notes));
  co_return co_await context_.journal.apply(pair_, notes);
}

/// What another tool had brought to a target by its Message-ID need not be looked for there: it may have been moved.
Task<> SourceMailbox::take_over_delivered(store::Session& session, state::Batch& batch) {
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    const auto* delivered = rule_.to[index].delivered_before;
    if (delivered == nullptr || delivered->empty()) continue;
    auto& route = routes_[index];
    store::ScanRequest request{.mailbox = rule_.from,
                               .uid_validity = uid_validity_,
                               .uids = {},
                               .from = route.first_open(),
                               .changed_since = 0,
                               .detail = {}};
    request.detail.identity = true;
    request.detail.message_id = true;
    DeliveredSink sink(*delivered);
    const std::vector<store::ScanRequest> requests{std::move(request)};
    const std::vector<store::MetaSink*> sinks{&sink};
    CO_TRY(auto results, co_await session.scan(requests, sinks));
    if (!results.front()) co_return std::unexpected(results.front().error());
    for (const auto& range : sink.found.ranges())
      route.settle(range);
    route.save(batch);
  }
  co_return Result<>{};
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

Task<> SourceMailbox::intend(CarryRoute& route) {
  if (context_.journal.error()) co_return std::unexpected(*context_.journal.error());
  if (route.intent) co_return Result<>{};
  route.intent = state::Intent{.route = route.row.id,
                               .source = UidSet(UidRange{std::min(route.first_open(), kLastUid), kLastUid}),
                               .destination_from = std::max<Uid>(1, route.to->next_uid())};
  state::Batch batch;
  batch.intents.push_back(*route.intent);
  auto written = co_await context_.journal.apply(pair_, batch);
  if (!written) route.intent.reset();
  co_return written;
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

Task<> SourceMailbox::note_trouble(CarryRoute& route, Uid uid, const Error& error, bool park_at_once) {
  auto& trouble = route.troubled[uid];
  trouble.alone = true;
  ++trouble.attempts;
  trouble.again_at = std::chrono::steady_clock::now() + pause_after(trouble.attempts, error);
  if (!park_at_once && trouble.attempts < context_.settings.message_attempts) co_return Result<>{};
  state::Batch batch;
  batch.parked.push_back({.route = route.row.id,
                          .source = uid,
                          .reason = error.describe(),
                          .remedy = error.remedy,
                          .attempts = trouble.earlier + trouble.attempts,
                          .since = trouble.since != 0 ? trouble.since : unix_now()});
  route.parked.insert_or_assign(uid, batch.parked.front());
  route.troubled.erase(uid);
  context_.observer.parked(account_, rule_.from, uid, error);
  co_return co_await context_.journal.apply(pair_, batch);
}

void SourceMailbox::retry_parked() {
  for (auto& route : routes_) {
    route.label_at = {};
    for (auto& [uid, trouble] : route.troubled)
      trouble.again_at = {};
    for (const auto& [uid, parked] : route.parked)
      route.troubled[uid] = {.attempts = context_.settings.message_attempts - 1,
                             .again_at = {},
                             .alone = true,
                             .earlier = parked.attempts - context_.settings.message_attempts + 1,
                             .since = parked.since};
    route.parked.clear();
  }
}

SteadyTime SourceMailbox::next_due() const {
  auto due = SteadyTime::max();
  for (const auto& route : routes_)
    due = std::min(due, route.next_due());
  return due;
}

void SourceMailbox::save(state::Batch& batch) {
  for (auto& route : routes_) {
    route.save(batch);
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

Task<std::size_t> SourceMailbox::give_up(const std::function<bool(const state::Parked&)>& chosen) {
  std::size_t given_up = 0;
  state::Batch batch;
  for (auto& route : routes_) {
    UidSet uids;
    for (const auto& [uid, parked] : route.parked) {
      if (chosen(parked)) uids.add(uid);
    }
    if (uids.empty()) continue;
    given_up += uids.size();
    // Never delivered: it is not to be pruned.
    route.skipped.add(uids);
    batch.notes.emplace_back(skipped_note(route.row.id), route.skipped.to_string());
    batch.unparked.emplace_back(route.row.id, uids);
    for (const auto& range : uids.ranges())
      settle(route, range);
    route.save(batch);
  }
  if (!batch.empty()) CO_CHECK(co_await context_.journal.apply(pair_, batch));
  co_return given_up;
}

Task<> SourceMailbox::expire_parked() {
  if (settings_.error_retention_days <= 0) co_return Result<>{};
  const auto before = unix_now() - settings_.error_retention_days * kDay;
  const auto is_old = [before](const state::Parked& parked) { return parked.since != 0 && parked.since < before; };
  CO_TRY(const auto given_up, co_await give_up(is_old));
  static_cast<void>(given_up);
  co_return Result<>{};
}

UidSet SourceMailbox::delivered_everywhere() const {
  UidSet delivered;
  bool first = true;
  for (const auto& route : routes_) {
    auto proven = route.settled;
    proven.remove(route.skipped);
    delivered = std::exchange(first, false) ? std::move(proven) : delivered.intersection(proven);
  }
  return delivered;
}

std::size_t SourceMailbox::parked_messages() const {
  std::size_t parked = 0;
  for (const auto& route : routes_)
    parked += route.parked.size();
  return parked;
}

}  // namespace mailferry::sync
