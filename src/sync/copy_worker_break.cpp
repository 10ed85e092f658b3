// What a CopyWorker does when a connection broke: whom it blames, and how it goes on.
#include "sync/copy_worker.hpp"

namespace mailferry::sync {
namespace {

/// So many connections in a row may break because of messages before the destination counts as down.
constexpr int kExcused = 5;

}  // namespace

void CopyWorker::drop(std::unique_ptr<store::Session>& session, std::uint64_t& commands) {
  if (!session) return;
  commands += session->commands();
  session->close();
  session.reset();
}

void CopyWorker::close_pair() {
  drop(pair_.source, context_.report.source_commands);
  drop(pair_.destination, context_.report.destination_commands);
}

/// A connection broke: its work is in the queue again. Waits as the policy says, or gives up.
Task<> CopyWorker::reconnect_after(Error error) {
  close_pair();
  if (context_.stopping || context_.journal.error()) co_return std::unexpected(std::move(error));
  // Nobody asked for a second pair, and the server may have room for one only.
  const bool is_wanted = was_connected_ || context_.settings.connections != 0 || context_.workers == 1;
  if (!is_wanted) co_return std::unexpected(std::move(error));
  const auto delay = reconnection_.delay_after(error);
  if (!delay) co_return std::unexpected(std::move(error));
  context_.report.warnings.push_back(fmt::format("{}; connecting again in {} ms", error.describe(), delay->count()));
  co_await async::sleep_for(*delay, context_.stop_requested);
  co_return Result<>{};
}

/// When only the source broke, the destination still tells what became of the messages that are on their way. On a slow
/// line they would arrive after a look-up for them, and then a second time.
Task<> CopyWorker::hear_out() {
  if (!appender_ || context_.stopping) co_return Result<>{};
  auto heard = co_await appender_->drain();
  take_outcomes();
  if (heard && destination_broke_) heard = fail(ErrorKind::network, Scope::account, "the connection is closed");
  destination_broke_ = false;
  co_return heard;
}

/// A connection to the source that breaks in the middle of a message may break because of it: after a few times it is
/// reported, and what is behind it has its turn. It cannot have been stored, as the destination has not got its end.
void CopyWorker::blame_message(const Error& error) {
  const bool broken_off = std::exchange(in_message_, false) && carrying_ && !context_.stopping;
  if (!broken_off || in_flight_.empty() || in_flight_.back().work == nullptr) return;
  const auto message = in_flight_.back();
  message.work->careful.add(message.uid);
  if (++message.work->attempts[message.uid] < kMessageAttempts) return;
  in_flight_.pop_back();
  --message.work->in_flight;
  auto reason = error;
  reason.scope = Scope::message;
  reason.message = fmt::format("the connection broke each time in the middle of this message: {}", error.message);
  reason.remedy = "run again; if it stays so, look at this message with a mail program";
  fail_message(*message.work, message.uid, reason);
}

/// The destination broke: one of the messages without an answer may be why. Whether they arrived is looked up first.
void CopyWorker::suspect_unanswered(const Error& error) {
  in_message_ = false;
  if (context_.stopping || error.kind == ErrorKind::throttled || error.kind == ErrorKind::quota) return;
  std::map<RouteWork*, UidSet> unanswered;
  std::uint64_t count = 0;
  for (const auto& message : in_flight_) {
    if (message.work == nullptr) continue;
    unanswered[message.work].add(message.uid);
    ++count;
  }
  for (const auto& [work, uids] : unanswered) {
    work->suspects.add_break(uids, {.unanswered = count, .accepted = context_.accepted, .error = error});
    // One that breaks each connection tells nothing of a destination that accepts others.
    if (count == 1 && work->suspects.is_up_without(uids.min(), context_.accepted) && ++excused_ <= kExcused)
      reconnection_.reset();
  }
}

/// What broke connections again and again is not there, as the look-up showed: it is reported, and others have their
/// turn. The next run knows it, however this one ends.
void CopyWorker::park_culprits() {
  const int last_resort = std::max(kMessageAttempts, context_.settings.attempts - 1);
  for (auto& work : context_.queue.routes) {
    if (work.suspects.empty() || work.dead()) continue;
    const auto culprits = work.suspects.to_blame(work.suspects.among(work.todo), context_.accepted, last_resort);
    work.todo.remove(culprits);
    auto each = culprits.each();
    for (auto uid = each.next(); uid != 0; uid = each.next()) {
      const auto reason = work.suspects.blame(uid);
      fail_message(work, uid, reason);
      context_.journal.pending().parked.push_back(
          {.route = work.route.id, .source = uid, .reason = reason.describe(), .remedy = reason.remedy, .attempts = 1});
    }
  }
}

/// Puts back what this worker had taken: what it began to append is in doubt, the rest is to be done.
void CopyWorker::reclaim() {
  // What has no answer took at least so long, and the server may go on with it: the look-up has to wait accordingly.
  if (appender_ && !in_flight_.empty()) measure_append(true);
  waiting_since_ = {};
  for (const auto& message : in_flight_) {
    if (message.work == nullptr) continue;
    message.work->doubt.add(message.uid);
    message.work->doubt_since = std::chrono::steady_clock::now();
    --message.work->in_flight;
  }
  first_token_ += in_flight_.size();
  in_flight_.clear();
  for (auto& [ticket, job] : jobs_) {
    job.work->todo.add(job.uids);
    if (job.careful) job.work->careful.add(job.uids);
    --job.work->jobs;
  }
  jobs_.clear();
  on_trial_ = false;
  if (reader_) reader_->close();
  if (appender_) appender_->close();
  reader_.reset();
  appender_.reset();
  context_.queue.notify();
}

}  // namespace mailferry::sync
