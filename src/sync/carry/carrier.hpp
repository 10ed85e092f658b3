// The life of one source: its connections, the look at its mailboxes, the wait for news. A source that hangs or fails
// affects only itself.
#pragma once

#include "async/task_scope.hpp"
#include "sync/carry/carry_batch.hpp"

#include <deque>
#include <limits>
#include <set>

namespace mailferry::sync {

/// What a carrier tells of itself. Counts are since it began.
struct CarrierState {
  /// degraded: some of its mailboxes cannot be looked at, and the others are carried.
  enum class Phase { starting, working, waiting, degraded, failing };
  Phase phase = Phase::starting;
  std::string watching;  // "NOTIFY", "IDLE", "polling"
  std::optional<std::chrono::system_clock::time_point> last_success{};
  std::uint64_t reconnects = 0;
  unsigned connections = 0;
};

class Carrier {
 public:
  /// All must outlive it. `settings` are what the user wants of this source; `download` is for all of its account.
  Carrier(CarryContext& context, store::Store& source, const SourceSettings& settings, state::PairId pair,
          QuotaGate& download);
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  /// Before run(): what is parked is known from the state, also while the source cannot be asked.
  Result<> load();
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
  /// What the source's account moves in a day.
  [[nodiscard]] QuotaGate& download() noexcept { return download_; }
  [[nodiscard]] std::deque<SourceMailbox>& mailboxes() noexcept { return mailboxes_; }
  /// Adds what is unsaved.
  void save(state::Batch& batch);

 private:
  [[nodiscard]] bool ending() const noexcept { return stopping_ || context_.stopping; }
  Task<> live();
  Task<> look_everywhere();
  [[nodiscard]] bool wants_look(std::size_t index, SteadyTime now) const;
  [[nodiscard]] std::size_t take_due();
  [[nodiscard]] std::size_t next_rest();
  Task<> attend(std::size_t index);
  Task<> look_at(std::size_t index);
  Task<> go_on(std::size_t index);
  Task<bool> carry(std::size_t index, UidSet uids);
  [[nodiscard]] std::uint64_t batch_after(std::chrono::steady_clock::duration took) const;
  [[nodiscard]] bool others_wait(std::size_t index, SteadyTime begun) const;
  [[nodiscard]] bool is_glance_due(std::size_t busy, SteadyTime now) const;
  Task<> glance();
  Task<> label_rest(SourceMailbox& mailbox);
  Task<> label(SourceMailbox& mailbox, CarryRoute& route);
  Task<> add_keywords(store::Session& session, const CarryRoute& route, const UidSet& uids);
  Task<bool> look_at_targets(SourceMailbox& mailbox);
  Task<> prune(SourceMailbox& mailbox);
  void begin_watches(async::TaskScope& scope);
  Task<> wait_for_news();
  Task<> wait_for_many(SteadyTime until);
  Task<> run_watch(std::size_t index);
  Task<> wait_for_look(std::size_t index);
  Task<> rest_watch(std::chrono::milliseconds pause);
  Task<> pause(const Error& error);
  [[nodiscard]] bool was_of_use() const;
  [[nodiscard]] std::uint64_t messages_read() const;
  [[nodiscard]] Error lost_while_watching(SteadyTime begun, Error error);
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
  std::set<std::size_t> due_;                                  // of these looks those that are still to come
  std::map<std::size_t, UidSet> rest_;                         // found by the last look, and not yet carried
  std::size_t last_rest_ = 0;                                  // whose turn it was
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
  std::size_t broke_at_ = kNowhere;  // the mailbox that was at work when the last connection ended in an error
  SteadyTime glanced_{};
  std::unique_ptr<store::Session> session_;
  std::deque<std::unique_ptr<store::Session>> watching_;  // by index of the mailbox; null: none now
  QuotaGate& download_;
  async::Notifier woken_;
  CarrierState state_;
  std::optional<SteadyTime> polled_;
  std::map<MailboxPath, SteadyTime> pruned_;
  /// Messages looked at together: what one batch keeps in memory of each is its metadata.
  static constexpr std::uint64_t kBatch = 200;
  std::uint64_t batch_ = kBatch;  // less while a quota has no room
  SteadyTime session_begun_{};
  std::uint64_t read_before_ = 0;    // messages, before that
  int failures_ = 0;                 // in a row, of connections that were of no use
  bool is_news_ = true;              // that it is connected
  bool has_told_no_pruner_ = false;  // over this connection
  bool is_failing_ = false;          // nothing succeeded since the last one
  int lost_watches_ = 0;             // in a row, each as soon as it was watched over
  bool knows_names_ = false;
  bool stopping_ = false;
  bool pausing_ = false;       // nothing is asked of the source
  bool living_ = false;        // a session is in use: its watches may run
  bool watches_many_ = false;  // all mailboxes over that session
  bool anew_ = false;          // it is to be replaced at once, though nothing is wrong with it
  SteadyTime one_by_one_until_{};
  SteadyTime polled_until_{};  // its server takes IDLE amiss; long ago: it does not
};

}  // namespace mailferry::sync
