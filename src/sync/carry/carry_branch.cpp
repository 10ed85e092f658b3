#include "sync/carry/carry_branch.hpp"

#include "sync/carry/carry_notes.hpp"
#include "sync/carry/label_words.hpp"

namespace mailferry::sync {

CarryBranch::CarryBranch(CarryContext& context, SourceMailbox& mailbox, CarryRoute& route, Lane lane)
    : context_(context),
      mailbox_(mailbox),
      route_(route),
      lane_(std::move(lane)),
      appender_(lane_->appender(context.settings.window_octets)),
      from_(std::max<Uid>(1, route.to->next_uid())),
      validity_(route.to->uid_validity()) {
  ++route_.in_flight;
}

CarryBranch::~CarryBranch() {
  // Answers are outstanding, or a literal is open: whoever used the connection next would speak into it.
  if (!closed_) lane_.spoil();
  --route_.in_flight;
}

bool CarryBranch::is_alone(Uid uid) const {
  const auto found = route_.troubled.find(uid);
  return found != route_.troubled.end() && found->second.alone;
}

/// A message is worth more than its keywords: after some failures of any kind it goes without.
KeywordsKept CarryBranch::keywords_of(Uid uid) const {
  auto kept = context_.refuses_long_keywords ? KeywordsKept::short_ones : KeywordsKept::all;
  const auto found = route_.troubled.find(uid);
  if (found == route_.troubled.end()) return kept;
  if (found->second.attempts >= 2) return KeywordsKept::none;
  return std::max(kept, found->second.keywords);
}

/// Flags and keywords as the mailbox can keep them.
store::MessageHead CarryBranch::head_for(const store::MessageHead& head) const {
  auto shaped = head;
  if (lane_->labeller() == nullptr) {
    for (const auto& label : route_.labels)
      shaped.flags.add(to_keyword(label));
  }
  // Gmail may archive or throw away what is appended as deleted.
  if (lane_->labeller() != nullptr) shaped.flags.remove(SystemFlag::deleted);
  shaped.flags = route_.to->permanent_flags().storable(std::move(shaped.flags));
  return shaped;
}

Task<> CarryBranch::begin(const store::MessageHead& head, const store::MessageMeta& meta) {
  if (error_) co_return Result<>{};
  auto shaped = head_for(head);
  const auto wanted = std::exchange(shaped.flags, keep_keywords(shaped.flags, keywords_of(head.uid)));
  const bool alone = is_alone(head.uid);
  in_message_ = true;
  sent_.push_back({.uid = head.uid,
                   .identity = meta.identity.digest,
                   .known = {.uid = 0, .octets = head.octets, .body = {}, .weak = meta.identity.weak},
                   .flags = head.flags,
                   .message_id = meta.message_id,
                   .given = shaped.flags,
                   .wanted = wanted});
  const auto begun = co_await appender_->begin(route_.to->path(), shaped, sent_.size(), alone);
  if (!begun) error_ = begun.error();
  co_return Result<>{};
}

Task<> CarryBranch::write(std::span<const char> octets) {
  if (error_) co_return Result<>{};
  const auto written = co_await appender_->write(octets);
  if (!written) error_ = written.error();
  co_return Result<>{};
}

void CarryBranch::end(const Digest& body) {
  in_message_ = false;
  if (error_) return;
  sent_.back().known.body = body;
  const auto ended = appender_->end();
  if (!ended) error_ = ended.error();
}

Task<> CarryBranch::close() {
  if (in_message_) abandon();
  const auto begin = std::chrono::steady_clock::now();
  if (!error_) {
    const auto drained = co_await appender_->drain();
    if (!drained) error_ = drained.error();
  }
  closed_ = true;
  auto outcomes = appender_->take_outcomes();
  appender_.reset();
  if (abandoned_) lane_.spoil();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  // What has no answer when the connection breaks took at least so long, and the server may go on with it.
  if (!outcomes.empty() || error_) CO_CHECK(co_await note_duration(took));
  for (const auto& outcome : outcomes)
    CO_CHECK(co_await take_outcome(outcome));
  if (abandoned_) {  // the server waits for the rest of a message; it cannot have stored it
    sent_.back().answered = true;
    lane_.spoil();
  }
  if (error_) co_return co_await lose(*error_);
  if (!abandoned_) co_return co_await add_labels();
  co_return Result<>{};
}

/// After a crash the next start waits for so long, so it is kept where that is longer than for any server.
Task<> CarryBranch::note_duration(std::chrono::milliseconds took) {
  auto& slowest = context_.slowest_append;
  if (took <= slowest + slowest / 4) co_return Result<>{};
  slowest = took;
  if (took * kQuietAppends <= context_.settings.least_quiet) co_return Result<>{};
  state::Batch batch;
  batch.notes.emplace_back(kLongestAppendNote, std::to_string(took.count()));
  co_return co_await context_.journal.apply(context_.journal.own_pair(), batch);
}

Task<> CarryBranch::take_outcome(const store::AppendOutcome& outcome) {
  auto uids = outcome.uids.each();
  for (const auto token : outcome.tokens) {
    auto& sent = sent_.at(token - 1);
    sent.answered = true;
    if (outcome.result) {
      take_delivered(sent, uids.next(), outcome.uid_validity);
    } else {
      CO_CHECK(co_await take_refused(sent, outcome));
    }
  }
  co_return Result<>{};
}

bool CarryBranch::wants_labels() const {
  return !route_.labels.empty() && lane_->labeller() != nullptr;
}

void CarryBranch::take_delivered(SentMessage& sent, Uid uid, UidValidity uid_validity) {
  sent.known.uid = uid;
  const bool is_told = uid != 0 && uid_validity == route_.to->uid_validity();
  const auto trouble = route_.troubled.find(sent.uid);
  const bool was_refused = trouble != route_.troubled.end() && trouble->second.keywords != KeywordsKept::all;
  if (was_refused && are_long_keywords(sent.wanted.minus(sent.given))) context_.refuses_long_keywords = true;
  if (uid != 0 && !is_told) route_.to->forget_prepared();  // it was made anew
  route_.to->delivered(sent.identity, sent.known, uid_validity);
  context_.lanes.accepted(sent.known.octets);
  if (is_told) route_.place(sent.uid, uid, sent.flags);
  if (is_told && wants_labels()) {
    told_.add(uid);
    route_.want_labels(uid);
  }
  if (is_told || !wants_labels()) {
    mailbox_.settle(route_, UidRange{sent.uid, sent.uid});
  } else {  // the next look finds out where it is
    route_.untold.add(sent.uid);
    route_.put_off(sent.uid, std::chrono::steady_clock::now());
  }
  tell(sent);
}

void CarryBranch::tell(const SentMessage& sent) {
  const Delivery delivery{.from = mailbox_.path(),
                          .to = route_.to->path(),
                          .uid = sent.uid,
                          .message_id = sent.message_id,
                          .octets = sent.known.octets};
  context_.observer.delivered(mailbox_.account(), delivery);
  const auto left = sent.wanted.minus(sent.given);
  if (left.empty()) return;
  const bool first = !std::exchange(route_.has_left_keywords, true);
  context_.observer.left_keywords(mailbox_.account(), delivery, left, first);
}

/// Whether the keywords may be to blame; then the message goes again at once, and this was no failure of it.
bool CarryBranch::goes_with_fewer_keywords(const SentMessage& sent, const Error& error) {
  const auto fewer = fewer_keywords(sent.given);
  if (!fewer || error.scope != Scope::message || error.retry != Retry::never) return false;
  auto& trouble = route_.troubled[sent.uid];
  trouble.keywords = *fewer;
  trouble.alone = true;
  route_.put_off(sent.uid, std::chrono::steady_clock::now());
  return true;
}

/// Of messages that were refused together nobody knows which is to blame, nor whether none was stored.
Task<> CarryBranch::take_refused(const SentMessage& sent, const store::AppendOutcome& outcome) {
  const auto& error = outcome.result.error();
  const bool alone = outcome.tokens.size() == 1;
  if (route_.settled.contains(sent.uid)) co_return Result<>{};  // given up meanwhile
  const bool is_of_all = error.scope == Scope::account || error.scope == Scope::run;
  const bool is_for_room = error.kind == ErrorKind::quota;
  if (is_for_room && alone) co_return co_await take_no_room(sent, error);
  if (is_of_all && !is_for_room) {
    context_.lanes.rest(error);
    context_.observer.trouble(context_.destination.name(), error);
    route_.put_off(sent.uid, context_.lanes.resting_until());
    co_return Result<>{};
  }
  if (error.kind == ErrorKind::mailbox_missing) route_.to->forget_prepared();
  if (!alone) {
    route_.to->doubt_now(from_, validity_);
    route_.doubtful.add(sent.uid);
    route_.troubled[sent.uid].alone = true;
    route_.put_off(sent.uid, std::chrono::steady_clock::now());
    co_return Result<>{};
  }
  if (!outcome.is_of_size && goes_with_fewer_keywords(sent, error)) co_return Result<>{};
  if (error.kind == ErrorKind::throttled || outcome.is_of_limit) co_return co_await take_busy(sent, error);
  // A code says that it will not pass; without one nobody knows.
  const bool hopeless =
      error.kind == ErrorKind::message_rejected && error.retry == Retry::never && !error.remedy.empty();
  co_return co_await mailbox_.note_trouble(route_, sent.uid, error, hopeless);
}

/// A destination that takes nothing now rests; where it takes other messages meanwhile, this one is to blame.
Task<> CarryBranch::take_busy(const SentMessage& sent, const Error& error) {
  auto& trouble = route_.troubled[sent.uid];
  trouble.alone = true;
  if (!trouble.busy_at) trouble.busy_at = context_.lanes.taken();
  if (context_.lanes.taken() > *trouble.busy_at)
    co_return co_await mailbox_.note_trouble(route_, sent.uid, error, false);
  context_.lanes.rest(error);
  context_.observer.trouble(context_.destination.name(), error);
  route_.put_off(sent.uid, context_.lanes.resting_until());
  co_return Result<>{};
}

/// What is smaller may fit still, and is not kept waiting. Where other messages arrive meanwhile, this one is too
/// large.
Task<> CarryBranch::take_no_room(const SentMessage& sent, const Error& error) {
  context_.lanes.refuse_for_room(sent.known.octets, error);
  context_.observer.trouble(context_.destination.name(), error);
  auto& trouble = route_.troubled[sent.uid];
  trouble.alone = true;
  if (!trouble.no_room_at) trouble.no_room_at = context_.lanes.taken();
  if (context_.lanes.taken() > *trouble.no_room_at)
    CO_CHECK(co_await mailbox_.note_trouble(route_, sent.uid, error, false));
  if (!route_.parked.contains(sent.uid)) route_.put_off(sent.uid, context_.lanes.no_room_until());
  co_return Result<>{};
}

/// The connection broke: what has no answer may be stored or not.
Task<> CarryBranch::lose(const Error& error) {
  lane_.spoil();
  route_.to->doubt_now(from_, validity_);
  context_.lanes.rest(error);
  context_.observer.trouble(context_.destination.name(), error);
  const bool is_pause = error.kind == ErrorKind::throttled || error.kind == ErrorKind::quota;
  for (const auto& sent : sent_) {
    if (sent.answered || route_.settled.contains(sent.uid)) continue;
    route_.doubtful.add(sent.uid);
    if (!is_pause && is_to_blame(sent.uid)) {
      CO_CHECK(co_await mailbox_.note_trouble(route_, sent.uid, error, false));
    } else {
      route_.put_off(sent.uid, context_.lanes.resting_until());
    }
  }
  co_return Result<>{};
}

/// One message that breaks connections again and again by itself, while the destination accepts others. Where it
/// accepts none, it is down, and no message is to blame.
bool CarryBranch::is_to_blame(Uid uid) {
  auto& trouble = route_.troubled[uid];
  trouble.alone = true;
  if (!trouble.broke_at) trouble.broke_at = context_.lanes.taken();
  return sent_.size() == 1 && context_.lanes.taken() > *trouble.broke_at;
}

/// What fails here is tried again when the carrier looks the next time.
Task<> CarryBranch::add_labels() {
  if (told_.empty()) co_return Result<>{};
  auto labelled =
      co_await lane_->labeller()->add_labels(route_.to->path(), route_.to->uid_validity(), told_, route_.labels);
  if (labelled) {
    route_.unlabelled.remove(told_);
    co_return Result<>{};
  }
  context_.observer.trouble(context_.destination.name(), labelled.error());
  if (labelled.error().scope == Scope::account) lane_.spoil();
  co_return Result<>{};
}

}  // namespace mailferry::sync
