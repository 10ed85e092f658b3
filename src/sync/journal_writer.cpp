#include "sync/journal_writer.hpp"

namespace mailferry::sync {
namespace {

/// How much work a crash can leave in doubt, against how often the disk is asked to sync.
constexpr std::chrono::milliseconds kCommitEvery{1000};

/// So that the list need not grow step by step; a second's worth of small messages.
constexpr std::size_t kExpectedRuns = 4096;

bool continues(const state::SettledRun& run, Uid source, Uid destination, const Flags& flags) {
  const bool next_source = run.source + run.count == source;
  const bool next_destination = run.destination == 0 ? destination == 0 : run.destination + run.count == destination;
  return next_source && next_destination && run.flags == flags;
}

}  // namespace

JournalWriter::JournalWriter(asio::io_context& context, async::BlockingPool& pool, state::Journal& journal,
                             state::PairId pair)
    : pool_(pool), journal_(journal), pair_(pair), stopping_(context) {}

void JournalWriter::settle(state::RouteId route, Uid source, Uid destination, const Flags& flags) {
  if (!pending_.settled.empty()) {
    auto& [last_route, run] = pending_.settled.back();
    if (last_route == route && continues(run, source, destination, flags)) {
      ++run.count;
      return;
    }
  }
  if (pending_.settled.empty()) pending_.settled.reserve(kExpectedRuns);
  pending_.settled.emplace_back(
      route, state::SettledRun{.source = source, .count = 1, .destination = destination, .flags = flags});
}

Task<> JournalWriter::apply(state::Batch& batch) {
  if (error_) co_return std::unexpected(*error_);
  std::function<Result<>()> work = [this, &batch] { return journal_.apply(pair_, batch); };
  auto applied = co_await pool_.run(std::move(work));
  if (!applied) error_ = applied.error();
  co_return applied;
}

Task<> JournalWriter::commit() {
  if (pending_.empty()) {
    if (error_) co_return std::unexpected(*error_);
    co_return Result<>{};
  }
  auto batch = std::exchange(pending_, state::Batch{});
  pending_.settled = std::exchange(spare_, {});
  auto applied = co_await apply(batch);
  batch.settled.clear();
  spare_ = std::move(batch.settled);
  co_return applied;
}

Task<> JournalWriter::commit_routes(std::vector<state::Route>& routes) {
  state::Batch batch;
  batch.routes = routes;
  CO_CHECK(co_await apply(batch));
  routes = std::move(batch.routes);
  co_return Result<>{};
}

Task<> JournalWriter::run_commits() {
  for (stopped_ = false; !stopped_;) {
    co_await async::sleep_for(kCommitEvery, stopping_);
    CO_CHECK(co_await commit());
  }
  co_return Result<>{};
}

void JournalWriter::stop() noexcept {
  stopped_ = true;
  stopping_.notify_all();
}

}  // namespace mailferry::sync
