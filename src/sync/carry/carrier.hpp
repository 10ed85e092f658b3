// The life of one source: its connections, the look at its mailboxes, the wait for news. A source that hangs or fails
// affects only itself.
#pragma once

#include "async/task_scope.hpp"
#include "sync/carry/carry_batch.hpp"

#include <deque>
#include <set>

namespace mailferry::sync {

/// What a carrier tells of itself. Counts are since it began.
struct CarrierState {
  enum class Phase { starting, working, waiting, failing };
  Phase phase = Phase::starting;
  std::string watching;  // "NOTIFY", "IDLE", "polling"
  std::optional<std::chrono::system_clock::time_point> last_success{};
  std::uint64_t reconnects = 0;
  unsigned connections = 0;
};

class Carrier {
 public:
  /// All must outlive it. `settings` are what the user wants of this source.
  Carrier(CarryContext& context, store::Store& source, const SourceSettings& settings, state::PairId pair);
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  /// Works until stop(). An error is of the state file.
  Task<> run();
  /// Ends run() after what is under way.
  void stop() noexcept;
  /// The machine slept, or its clock was set: the connections may be dead, and are made anew.
  void reconnect() noexcept;
  /// After stop(): what is under way is given up.
  void close() noexcept { reconnect(); }
  /// Looks at everything again now, parked messages included, and ends all pauses.
  void look_again() noexcept;
  /// Parked messages are tried again, now or when the pauses have ended that the source and the destination are given.
  void retry_parked() noexcept;

  [[nodiscard]] const CarrierState& state() const noexcept { return state_; }
  [[nodiscard]] const std::string& name() const noexcept { return source_.name(); }
  [[nodiscard]] const std::string& account() const noexcept { return source_.identity(); }
  /// What the source's account moves in a day.
  [[nodiscard]] QuotaGate& download() noexcept { return download_; }
  [[nodiscard]] std::deque<SourceMailbox>& mailboxes() noexcept { return mailboxes_; }
  /// Adds what is unsaved.
  void save(state::Batch& batch);

 private:
  [[nodiscard]] bool ending() const noexcept { return stopping_ || context_.stopping; }
  Task<> live();
  Task<> look_everywhere();
  Task<> look_at(std::size_t index);
  Task<> carry_all(SourceMailbox& mailbox, UidSet uids);
  Task<> label_rest(SourceMailbox& mailbox);
  Task<> label(SourceMailbox& mailbox, CarryRoute& route);
  Task<> prune(SourceMailbox& mailbox);
  void begin_watches(async::TaskScope& scope);
  Task<> wait_for_news();
  Task<> wait_for_many(SteadyTime until);
  Task<> run_watch(std::size_t index);
  Task<> wait_for_look(std::size_t index);
  Task<> rest_watch(std::chrono::milliseconds pause);
  Task<> pause(const Error& error);
  void wake() noexcept;
  void watch_again();
  [[nodiscard]] SteadyTime next_look() const;

  CarryContext& context_;
  store::Store& source_;
  const SourceSettings& settings_;
  std::deque<SourceMailbox> mailboxes_;
  std::vector<std::uint64_t> looks_;                           // at each mailbox, that succeeded
  std::set<std::size_t> news_;                                 // indices of the mailboxes to look at
  std::set<std::size_t> unwatched_;                            // have to be polled
  std::map<std::size_t, std::pair<SteadyTime, int>> refused_;  // could not be looked at: when again, how often so far
  std::unique_ptr<store::Session> session_;
  std::deque<std::unique_ptr<store::Session>> watching_;  // by index of the mailbox; null: none now
  QuotaGate download_;
  async::Notifier woken_;
  CarrierState state_;
  std::optional<SteadyTime> polled_;
  std::map<MailboxPath, SteadyTime> pruned_;
  /// Messages looked at together: what one batch keeps in memory of each is its metadata.
  static constexpr std::uint64_t kBatch = 200;
  std::uint64_t batch_ = kBatch;  // less while a quota has no room
  int failures_ = 0;
  bool listed_ = false;
  bool stopping_ = false;
  bool pausing_ = false;       // nothing is asked of the source
  bool living_ = false;        // a session is in use: its watches may run
  bool watches_many_ = false;  // all mailboxes over that session
  bool anew_ = false;          // it is to be replaced at once, though nothing is wrong with it
  SteadyTime one_by_one_until_{};
};

}  // namespace mailferry::sync
