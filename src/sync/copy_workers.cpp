// How many pairs of connections a run works with: one, and more while that is measured to help.
#include "async/task_scope.hpp"
#include "sync/copy_run.hpp"

namespace mailferry::sync {
namespace {

constexpr std::chrono::milliseconds kMeasure{400};
/// Less work than this is not worth another sign-in.
constexpr double kWorthSeconds = 1.0;
constexpr double kWorthGain = 1.10;

}  // namespace

Task<> CopyRun::copy() {
  if (context_.queue.finished()) co_return Result<>{};
  copying_ = true;
  async::TaskScope commits(context_.io);
  async::TaskScope workers(context_.io);
  commits.spawn("journal", context_.journal.run_commits());
  worker_scope_ = &workers;
  const auto wanted = std::max(1U, context_.settings.connections);
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

CopyWorker& CopyRun::make_worker() {
  return workers_.emplace_back(context_, workers_.empty() ? std::move(pair_) : SessionPair{});
}

void CopyRun::add_worker() {
  if (!std::exchange(reading_ahead_, false)) make_worker();
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
      if (workers_.size() > 1) workers_.back().retire();
      break;
    }
    if (static_cast<double>(context_.queue.messages_left()) / rate < kWorthSeconds) break;
    rate_before = rate;
    add_worker();
    co_await async::sleep_for(kMeasure / 2, context_.stop_measuring);
  }
  co_return Result<>{};
}

/// A connected pair is kept for what follows; the others are closed.
void CopyRun::take_back_sessions() {
  for (auto& worker : workers_) {
    auto& pair = worker.pair();
    if (pair.source) context_.report.source_commands += pair.source->commands();
    if (pair.destination) context_.report.destination_commands += pair.destination->commands();
    if (!pair_.connected() && pair.connected()) {
      context_.report.source_commands -= pair.source->commands();
      context_.report.destination_commands -= pair.destination->commands();
      pair_ = std::move(pair);
    } else {
      pair.close();
    }
  }
  workers_.clear();
}

}  // namespace mailferry::sync
