#include "sync/carry/carry_journal.hpp"

namespace mailferry::sync {

void CarryJournal::mark_dirty() {
  if (!dirty_since_) dirty_since_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

bool CarryJournal::is_due() const {
  if (!dirty_since_) return false;
  return settled_ >= settings_.flush_messages ||
         std::chrono::steady_clock::now() >= *dirty_since_ + settings_.flush_every;
}

Task<> CarryJournal::flush() {
  // What that one writes may have been collected before the caller's part was there.
  while (flushing_)
    co_await flushed_.wait();
  if (error_) co_return std::unexpected(*error_);
  if (!dirty_since_) co_return Result<>{};
  flushing_ = true;
  auto written = co_await write_all();
  flushing_ = false;
  flushed_.notify_all();
  co_return written;
}

Task<> CarryJournal::write_all() {
  dirty_since_.reset();
  settled_ = 0;
  state::Batch batch;
  for (const auto& fill : fillers_)
    fill(batch);
  if (batch.empty()) co_return Result<>{};
  co_return co_await apply(own_pair_, batch);
}

Task<> CarryJournal::apply(state::PairId pair, state::Batch& batch) {
  if (error_) co_return std::unexpected(*error_);
  std::function<Result<>()> work = [this, pair, &batch] { return journal_.apply(pair, batch); };
  ++commits_;
  auto applied = co_await pool_.run(std::move(work));
  if (!applied) error_ = applied.error();
  co_return applied;
}

Task<> CarryJournal::run_flushes() {
  while (!stopped_) {
    if (is_due()) {
      CO_CHECK(co_await flush());
      continue;
    }
    const auto until =
        dirty_since_ ? *dirty_since_ + settings_.flush_every : std::chrono::steady_clock::time_point::max();
    co_await changed_.wait_until(until);
  }
  co_return Result<>{};
}

void CarryJournal::stop() noexcept {
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace mailferry::sync
