// How many pairs of connections a run works with: one or two, and more while that is measured to help.
#include "async/task_scope.hpp"
#include "sync/copy_run.hpp"

namespace mailferry::sync {
namespace {

/// So many messages are worth a second pair from the beginning: while one side of the first waits, it works. With fewer
/// its sign-in takes longer than what it saves, where the line is slow.
constexpr std::uint64_t kWorthTwo = 5000;
constexpr std::chrono::milliseconds kMeasure{1000};
/// Less work than this is not worth another sign-in, and the pace may fall before it is known not to help: with more
/// pairs than its host has cores a server was seen to be slower by a third.
constexpr double kWorthSeconds = 5.0;
constexpr double kWorthGain = 1.10;

}  // namespace

Task<> CopyRun::copy() {
  if (context_.queue.finished()) co_return Result<>{};
  copying_ = true;
  async::TaskScope commits(context_.io);
  async::TaskScope workers(context_.io);
  commits.spawn("journal", context_.journal.run_commits());
  worker_scope_ = &workers;
  const auto wanted = first_workers();
  for (unsigned index = 0; index < wanted; ++index)
    add_worker();
  if (context_.settings.connections == 0) commits.spawn("measure connections", grow_workers());
  auto copied = co_await workers.join();
  // Workers added while the first ones ended.
  while (workers.running() > 0)
    co_await workers.join();
  worker_scope_ = nullptr;
  copying_ = false;
  context_.stop_measuring.notify_all();
  context_.journal.stop();
  auto committed = co_await commits.join();
  take_back_sessions();
  if (!committed) co_return committed;
  if (halted_) co_return std::unexpected(*halted_);
  co_return Result<>{};
}

/// Where nobody waits a second pair would only share the processors with the first.
unsigned CopyRun::first_workers() {
  const auto& settings = context_.settings;
  if (settings.connections != 0) return settings.connections;
  const bool waits = !source().traits().near_and_encrypted || !destination().traits().near_and_encrypted;
  return waits && context_.progress.planned_messages >= kWorthTwo ? std::min(2U, settings.most_connections) : 1;
}

/// To a worker that has none, or only the one that it reads ahead with.
void CopyRun::lend_sessions(SessionPair& pair) {
  if (!pair.source) pair.source = source().release();
  if (!pair.destination) pair.destination = destination().release();
}

void CopyRun::add_worker() {
  if (!std::exchange(reading_ahead_, false)) workers_.emplace_back(context_, SessionPair{});
  if (workers_.size() == 1) lend_sessions(workers_.front().pair());
  ++context_.workers;
  context_.report.connections = std::max(context_.report.connections, static_cast<unsigned>(context_.workers));
  context_.progress.connections = static_cast<unsigned>(context_.workers);
  worker_scope_->spawn(fmt::format("worker {}", workers_.size()), run_worker(&workers_.back()));
}

/// One worker that fails takes none with it: its work is back in the queue. Only the last one's failure ends the run.
Task<> CopyRun::run_worker(CopyWorker* worker) {
  auto done = co_await worker->run();
  --context_.workers;
  context_.queue.notify();
  if (done || context_.stopping) co_return Result<>{};
  if (context_.workers > 0 && done.error().kind != ErrorKind::quota && !context_.journal.error()) {
    context_.report.warnings.push_back(
        fmt::format("one of {} connections gave up: {}", context_.workers + 1, done.error().describe()));
    co_return Result<>{};
  }
  context_.stop();
  halted_ = done.error();
  co_return done;
}

/// Adds a pair of connections as long as the last one made the whole faster.
Task<> CopyRun::grow_workers() {
  double rate_before = 0;
  while (copying_ && context_.workers < context_.settings.most_connections) {
    const auto messages = context_.progress.settled_messages;
    const auto octets = context_.progress.sent_octets;
    co_await async::sleep_for(kMeasure, context_.stop_measuring);
    if (!copying_ || context_.stopping) break;
    const double seconds = std::chrono::duration<double>(kMeasure).count();
    const double rate = static_cast<double>(context_.progress.settled_messages - messages) / seconds;
    const bool moving = context_.progress.sent_octets > octets;
    if (!moving || rate <= 0) continue;
    if (rate_before > 0 && rate < rate_before * kWorthGain) {
      if (context_.workers > 1) workers_.back().retire();
      break;
    }
    if (static_cast<double>(context_.queue.messages_left()) / rate < kWorthSeconds) break;
    rate_before = rate;
    add_worker();
    co_await async::sleep_for(kMeasure / 2, context_.stop_measuring);
  }
  co_return Result<>{};
}

namespace {

/// The first connection is kept for what follows; the others are closed, and their commands counted.
void take_back(SteadySession& keeper, std::unique_ptr<store::Session>& session, std::uint64_t& commands) {
  if (!session) return;
  if (!keeper.is_open()) return keeper.adopt(std::move(session));
  commands += session->commands();
  session->close();
}

}  // namespace

void CopyRun::take_back_sessions() {
  for (auto& worker : workers_) {
    take_back(source(), worker.pair().source, context_.report.source_commands);
    take_back(destination(), worker.pair().destination, context_.report.destination_commands);
  }
  workers_.clear();
}

}  // namespace mailferry::sync
