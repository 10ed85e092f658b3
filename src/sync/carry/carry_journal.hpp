// The carriers' half of the journal: what is settled is collected and written seldom, what must be durable at once is
// written at once. One transaction for all sources.
#pragma once

#include "async/blocking_pool.hpp"
#include "async/notifier.hpp"
#include "state/journal.hpp"
#include "sync/carry/carry_settings.hpp"

#include <functional>
#include <vector>

namespace mailferry::sync {

class CarryJournal {
 public:
  /// All must outlive it. Notes of the fillers are kept under `own_pair`.
  CarryJournal(asio::io_context& context, async::BlockingPool& pool, state::Journal& journal,
               const CarrySettings& settings, state::PairId own_pair)
      : pool_(pool),
        journal_(journal),
        settings_(settings),
        own_pair_(own_pair),
        changed_(context),
        flushed_(context) {}

  /// Called before each flush to fill the batch with what is unsaved.
  using Filler = std::function<void(state::Batch&)>;
  void add_filler(Filler filler) { fillers_.push_back(std::move(filler)); }

  /// There is something to save, by so many messages more.
  void note_settled(std::size_t messages) {
    settled_ += messages;
    mark_dirty();
  }
  void mark_dirty();
  /// Saves everything in one transaction: afterwards all that was settled before the call is on disk, also where
  /// another flush was under way. An error is of the state file: nothing more may be carried.
  Task<> flush();
  /// One durable transaction at once; routes and notes belong to `pair`.
  Task<> apply(state::PairId pair, state::Batch& batch);
  /// Flushes when it is time, until stop().
  Task<> run_flushes();
  void stop() noexcept;

  [[nodiscard]] state::PairId own_pair() const noexcept { return own_pair_; }
  [[nodiscard]] state::Journal& journal() noexcept { return journal_; }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  [[nodiscard]] std::uint64_t commits() const noexcept { return commits_; }

 private:
  [[nodiscard]] bool is_due() const;
  Task<> write_all();

  async::BlockingPool& pool_;
  state::Journal& journal_;
  const CarrySettings& settings_;
  state::PairId own_pair_;
  async::Notifier changed_;
  async::Notifier flushed_;
  std::vector<Filler> fillers_;
  std::optional<std::chrono::steady_clock::time_point> dirty_since_;
  std::size_t settled_ = 0;
  std::uint64_t commits_ = 0;
  bool stopped_ = false;
  bool flushing_ = false;
  std::optional<Error> error_;
};

}  // namespace mailferry::sync
