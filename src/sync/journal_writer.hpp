// Collects what is to be recorded on the network thread and commits it on the blocking pool: one fsync for many
// messages.
#pragma once

#include "async/blocking_pool.hpp"
#include "async/notifier.hpp"
#include "state/journal.hpp"

namespace mailferry::sync {

class JournalWriter {
 public:
  /// All must outlive the writer.
  JournalWriter(asio::io_context& context, async::BlockingPool& pool, state::Journal& journal, state::PairId pair);

  /// What the next commit will contain; fill it and go on.
  [[nodiscard]] state::Batch& pending() noexcept { return pending_; }
  /// One delivered message; runs of consecutive UIDs are folded here.
  void settle(state::RouteId route, Uid source, Uid destination, const Flags& flags);

  /// Makes all that is pending durable. Commits are applied in the order of these calls. After an error nothing more is
  /// accepted.
  Task<> commit();
  /// The same for routes: afterwards their ids are in `routes`.
  Task<> commit_routes(std::vector<state::Route>& routes);
  /// Commits from time to time until stop().
  Task<> run_commits();
  void stop() noexcept;

  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  [[nodiscard]] state::Journal& journal() noexcept { return journal_; }
  [[nodiscard]] state::PairId pair() const noexcept { return pair_; }

 private:
  Task<> apply(state::Batch& batch);

  async::BlockingPool& pool_;
  state::Journal& journal_;
  state::PairId pair_;
  async::Notifier stopping_;
  bool stopped_ = false;
  state::Batch pending_;
  std::vector<std::pair<state::RouteId, state::SettledRun>> spare_;  // empty; its memory is used for the next batch
  std::optional<Error> error_;
};

}  // namespace mailferry::sync
