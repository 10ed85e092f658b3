#include "sync/copy_worker.hpp"

#include "sync/doubt.hpp"

namespace mailferry::sync {
namespace {

/// Requests sent ahead of the answers: enough that the source never waits for us.
constexpr std::size_t kJobsAhead = 3;
constexpr std::size_t kDefaultWindow = 64U << 20;
/// After so many refusals in a row it is the mailbox that cannot be read (any more), and not its messages.
constexpr unsigned kRefusedReads = 100;

}  // namespace

Task<> CopyWorker::run() {
  while (!ending() && !fatal_ && !context_.queue.finished()) {
    auto worked = co_await work_once();
    if (worked) {
      co_await rest();
      continue;
    }
    auto error = std::move(worked).error();
    const auto heard = co_await hear_out();
    if (heard) {
      blame_message(error);
    } else {
      suspect_unanswered(error);
    }
    reclaim();
    auto reconnected = co_await reconnect_after(std::move(error));
    if (!reconnected) co_return reconnected;
  }
  if (reader_) {  // stopped before what was read ahead could be used
    reclaim();
    close_pair();
  }
  if (fatal_) co_return std::unexpected(*fatal_);
  co_return Result<>{};
}

Task<> CopyWorker::work_once() {
  if (!pair_.connected()) {
    if (reader_) undo_read_ahead();
    CO_CHECK(co_await connect_pair(context_, pair_));
  }
  was_connected_ = true;
  if (auto* doubtful = reader_ ? nullptr : context_.queue.take_doubt()) {
    auto resolved = co_await resolve_doubt(context_, pair_, *doubtful);
    doubtful->resolving = false;
    context_.queue.notify();
    co_return resolved;
  }
  if (auto* unmeasured = reader_ ? nullptr : context_.queue.take_unmeasured()) {
    auto measured = co_await measure_room(*unmeasured);
    unmeasured->resolving = false;
    context_.queue.notify();
    co_return measured;
  }
  park_culprits();
  give_up_for_room();
  if (reader_ || context_.queue.has_todo()) {
    auto pumped = co_await pump();
    context_.queue.notify();
    co_return pumped;
  }
  if (!context_.queue.finished()) co_await context_.queue.wait();
  co_return Result<>{};
}

/// A server that refuses messages only for now is not asked again at once.
Task<> CopyWorker::rest() {
  const auto pause = std::exchange(pause_, std::chrono::milliseconds{0});
  if (pause.count() > 0) co_await async::sleep_for(pause, context_.stop_requested);
  co_return Result<>{};
}

asio::awaitable<void> CopyWorker::read_ahead() {
  reader_ = pair_.source->reader();
  request_jobs();
  for (const auto& [ticket, job] : jobs_)
    job.work->ahead.add(job.uids);
  const auto sent = co_await reader_->send();
  if (sent) co_return;
  reclaim();
  drop(pair_.source, context_.report.source_commands);
}

void CopyWorker::undo_read_ahead() {
  reclaim();
  for (auto& work : context_.queue.routes)
    work.ahead = {};
  drop(pair_.source, context_.report.source_commands);
}

Task<> CopyWorker::pump() {
  const auto window = context_.settings.window_octets != 0 ? context_.settings.window_octets : kDefaultWindow;
  if (!reader_) reader_ = pair_.source->reader();
  appender_ = pair_.destination->appender(window);
  in_message_ = false;
  request_jobs();
  while (in_message_ || goes_on()) {
    CO_TRY(const auto step, reader_->poll());
    CO_TRY(const bool taken, take_at_once(step));
    if (!taken) CO_CHECK(co_await take(step));
  }
  // Also without a journal: what is on its way cannot be recorded, but a later look-up must not run ahead of the
  // server.
  CO_CHECK(co_await appender_->drain());
  take_outcomes();
  on_trial_ = false;
  if (context_.journal.error()) co_return std::unexpected(*context_.journal.error());
  const bool abandoned = !jobs_.empty();  // stopped in the middle: the source connection still has answers to give
  if (abandoned) reclaim();
  reader_.reset();
  appender_.reset();
  if (abandoned) close_pair();
  co_return Result<>{};
}

bool CopyWorker::goes_on() const noexcept {
  return !fatal_ && !context_.stopping && !jobs_.empty() && !context_.journal.error();
}

/// The steps of a small message are all in memory: without a coroutine they cost next to nothing.
Result<bool> CopyWorker::take_at_once(const store::ReadStep& step) {
  switch (step.kind) {
    case store::ReadStep::Kind::nothing:
      return false;
    case store::ReadStep::Kind::message:
      in_message_ = admit();
      if (!in_message_) return true;
      return appender_->try_begin(current_->destination, reader_->head(), last_token(), careful_);
    case store::ReadStep::Kind::octets:
      return !carrying_ || appender_->try_write(step.octets);
    case store::ReadStep::Kind::end:
      in_message_ = false;
      if (carrying_) CHECK_OK(appender_->end());
      if (carrying_) context_.progress.sent_octets += reader_->head().octets;
      return true;
    case store::ReadStep::Kind::done:
      finish_job(reader_->take_done());
      request_jobs();
      return true;
  }
  return false;
}

Task<> CopyWorker::take(store::ReadStep step) {
  if (step.kind == store::ReadStep::Kind::octets) {
    auto written = co_await appender_->write(step.octets);
    // Of a message that is longer than its source announced the destination knows nothing.
    destination_broke_ = !written && written.error().kind != ErrorKind::protocol;
    co_return written;
  }
  if (step.kind == store::ReadStep::Kind::message) {
    auto begun = co_await appender_->begin(current_->destination, reader_->head(), last_token(), careful_);
    destination_broke_ = !begun && begun.error().scope >= Scope::account;
    CO_CHECK(begun);
  } else {
    CO_CHECK(co_await appender_->flush());
    CO_CHECK(co_await reader_->wait());
  }
  take_outcomes();
  co_return Result<>{};
}

void CopyWorker::request_jobs() {
  while (jobs_.size() < kJobsAhead && !ending() && !on_trial_) {
    const auto trials = wire_is_free() ? Trials::allowed : Trials::none;
    auto job = context_.queue.take(last_work_, std::max<std::size_t>(1, context_.workers), trials);
    if (!job) return;
    last_work_ = job->work;
    on_trial_ = job->trial;
    reader_->request({.ticket = job->ticket,
                      .mailbox = job->work->source,
                      .uid_validity = job->work->route.source_validity,
                      .uids = job->uids});
    jobs_.emplace(job->ticket, std::move(*job));
  }
}

/// Decides on the message that begins, and counts it as on its way.
bool CopyWorker::admit() {
  auto& head = reader_->head();
  auto& job = jobs_.at(head.ticket);
  job.uids.remove(UidRange{head.uid, head.uid});
  if (current_ != job.work) context_.progress.mailbox = job.work->source;
  current_ = job.work;
  careful_ = job.careful;
  current_->refused_reads = 0;
  current_->refused_whole = false;
  job.gave = true;
  carrying_ = !current_->dead() && !is_too_large(head) && has_room_for(head);
  if (!carrying_) return false;
  in_flight_.push_back({current_, head.uid, head.flags, head.octets});
  ++current_->in_flight;
  head.flags = current_->permanent_flags.storable(std::move(head.flags));
  in_flight_.back().whole_flags = head.flags == in_flight_.back().flags;
  if (current_->without_keywords.contains(head.uid)) remove_keywords(head.flags);
  return true;
}

bool CopyWorker::is_too_large(const store::MessageHead& head) {
  const auto limit = pair_.destination->traits().append_limit;
  if (!limit || head.octets <= *limit) return false;
  fail_message(
      *current_, head.uid,
      Error{.kind = ErrorKind::message_rejected,
            .scope = Scope::message,
            .retry = Retry::never,
            .retry_after = {},
            .message = fmt::format("the message has {} octets, the destination takes at most {}", head.octets, *limit),
            .remedy = "raise the limit of the destination, or keep this message elsewhere",
            .trail = {}});
  return true;
}

void CopyWorker::finish_job(store::ReadDone done) {
  auto found = jobs_.find(done.ticket);
  if (found == jobs_.end()) return;
  auto job = std::move(found->second);
  jobs_.erase(found);
  auto& work = *job.work;
  --work.jobs;
  if (!done.result &&
      (done.result.error().kind == ErrorKind::mailbox_missing || done.result.error().kind == ErrorKind::protocol)) {
    work.report->error = done.result.error();
  } else if (work.believed) {
    // What the status said of the mailbox has to be looked at; see CopyRun::copy_disproved().
    if (!job.uids.empty() || done.messages.value_or(work.source_status.messages) != work.source_status.messages)
      work.disproved = true;
  } else if (!job.uids.empty()) {
    // Of messages that are asked for alone because of a refusal many may be refused in a row.
    if (!done.result && !job.careful && !job.gave) work.refused_whole = true;
    retry_reading(work, job.uids, done.result ? nullptr : &done.result.error());
  }
  context_.queue.notify();
}

/// The source did not send these. They are asked for again, one by one where it refused, and reported in the end. What
/// it says to have sent may have been expunged: that may be many.
void CopyWorker::retry_reading(RouteWork& work, const UidSet& uids, const Error* error) {
  if (error != nullptr && ++work.refused_reads >= kRefusedReads && work.refused_whole) {
    work.report->error = *error;
    return;
  }
  for (const auto& range : uids.ranges()) {
    for (std::uint64_t uid = range.first; uid <= range.last; ++uid) {
      const auto message = static_cast<Uid>(uid);
      if (++work.attempts[message] < kMessageAttempts) {
        work.todo.add(message);
        if (error != nullptr) work.careful.add(message);
      } else if (error != nullptr) {
        fail_message(work, message, *error);
      } else {
        work.unread.add(message);
      }
    }
  }
}

/// How long the destination takes to answer for what it has got bounds how long it may go on after a connection broke.
void CopyWorker::measure_append(bool answered) {
  const auto now = std::chrono::steady_clock::now();
  if (answered && waiting_since_ != std::chrono::steady_clock::time_point{}) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - waiting_since_);
    if (took > context_.slowest_append + context_.slowest_append / 4) {
      context_.slowest_append = took;
      context_.journal.pending().notes.emplace_back(kSlowestAppendNote, std::to_string(took.count()));
    }
  }
  if (answered || waiting_since_ == std::chrono::steady_clock::time_point{}) waiting_since_ = now;
  if (in_flight_.empty()) waiting_since_ = {};
}

void CopyWorker::take_outcomes() {
  auto outcomes = appender_->take_outcomes();
  measure_append(!outcomes.empty());
  for (const auto& outcome : outcomes)
    take_outcome(outcome);
  for (; !in_flight_.empty() && in_flight_.front().work == nullptr; ++first_token_)
    in_flight_.pop_front();
}

void CopyWorker::take_outcome(const store::AppendOutcome& outcome) {
  auto uids = outcome.uids.each();
  for (const auto token : outcome.tokens) {
    const auto message = std::exchange(in_flight_.at(token - first_token_), InFlight{});
    --message.work->in_flight;
    if (!outcome.result) {
      refuse(message, outcome);
    } else {
      const auto uid = uids.next();
      settle(message, outcome.uid_validity == message.work->route.destination_validity ? uid : 0);
    }
  }
}

void CopyWorker::settle(const InFlight& message, Uid uid) {
  auto& work = *message.work;
  // A server that tells a UID twice, or one from before, tells nothing that can be relied on.
  if (uid < work.destination_from || work.known_destination.contains(uid)) uid = 0;
  const bool retried = !message.whole_flags && lacks_rights(work);
  if (retried) work.flags_to_retry = true;
  context_.journal.settle(work.route.id, message.uid, uid,
                          retried ? work.permanent_flags.storable(message.flags) : message.flags);
  if (uid != 0) {
    work.known_destination.add(uid);
  } else {
    work.settled.add(message.uid);
  }
  if (!message.whole_flags || work.without_keywords.contains(message.uid)) ++work.keywords_left;
  ++work.report->copied;
  work.report->copied_octets += message.octets;
  ++context_.progress.settled_messages;
  context_.progress.settled_octets += message.octets;
  ++context_.accepted;
  work.room.accept();
  work.suspects.clear(message.uid);
  excused_ = 0;
  reconnection_.reset();
}

/// A refused batch tells nothing about its messages: they are looked up and then sent one by one.
void CopyWorker::refuse(const InFlight& message, const store::AppendOutcome& outcome) {
  auto& work = *message.work;
  const auto& error = outcome.result.error();
  if (error.kind == ErrorKind::quota) return refuse_for_room(message, outcome);
  if (error.scope == Scope::account || error.scope == Scope::run) {
    work.doubt.add(message.uid);
    if (!fatal_) fatal_ = error;
  } else if (outcome.tokens.size() > 1 ||
             (error.retry != Retry::never && ++work.attempts[message.uid] < kMessageAttempts)) {
    work.doubt.add(message.uid);
    work.careful.add(message.uid);
    if (error.retry == Retry::later) pause_ = std::max({pause_, context_.settings.refusal_pause, error.retry_after});
  } else if (error.retry == Retry::never && !message.flags.keywords().empty() &&
             !work.without_keywords.contains(message.uid)) {
    // A message is worth more than its keywords (Cyrus takes 100 different ones in a mailbox). A refusal that passes is
    // not about them: they would be missing for good.
    work.without_keywords.add(message.uid);
    work.doubt.add(message.uid);
    work.careful.add(message.uid);
  } else if (error.scope == Scope::mailbox) {
    give_up_mailbox(work, message.uid, error);
  } else {
    fail_message(work, message.uid, error);
  }
}

/// It would take no other message either; other mailboxes may. What was sent is looked up by the next run.
void CopyWorker::give_up_mailbox(RouteWork& work, Uid uid, const Error& error) {
  work.doubt.add(uid);
  if (work.dead()) return;
  // Who tells of it names the mailbox of the source.
  const bool is_named = work.destination == work.source;
  work.report->error = is_named ? error : with_context(error, work.destination.to_string()).error();
}

void CopyWorker::fail_message(RouteWork& work, Uid uid, const Error& error) {
  work.refused.insert_or_assign(uid, error);
  ++work.report->failed;
  ++context_.progress.settled_messages;
}

}  // namespace mailferry::sync
