// One pair of connections that carries messages: bodies stream from the reader straight into the appender.
#pragma once

#include "sync/reconnection.hpp"
#include "sync/run_context.hpp"

#include <unordered_map>

namespace mailferry::sync {

class CopyWorker {
 public:
  /// `context` must outlive the worker. `pair` may be empty: then the worker connects itself.
  CopyWorker(RunContext& context, SessionPair pair)
      : context_(context), pair_(std::move(pair)), reconnection_(context.settings.attempts) {
    context_.pairs.push_back(&pair_);
  }
  ~CopyWorker() { std::erase(context_.pairs, &pair_); }
  CopyWorker(const CopyWorker&) = delete;
  CopyWorker& operator=(const CopyWorker&) = delete;

  /// Works until the queue is finished, the run is stopped, or the worker is retired. An error means that this worker
  /// cannot go on (its work is back in the queue); the run decides whether others can.
  Task<> run();
  /// Asks for the first messages before run(): they are on their way while the destination makes its mailboxes. Until
  /// run() the source can do nothing else. A failure shows in run().
  asio::awaitable<void> read_ahead();
  /// Takes that back, and the connection with it.
  void undo_read_ahead();
  /// Ends after what it has taken.
  void retire() noexcept {
    retired_ = true;
    context_.queue.notify();
  }
  [[nodiscard]] SessionPair& pair() noexcept { return pair_; }

 private:
  /// How often one message is asked for again before it is reported.
  static constexpr int kMessageAttempts = 3;

  struct InFlight {
    RouteWork* work = nullptr;  // null: it has its outcome
    Uid uid = 0;
    Flags flags{};
    std::uint64_t octets = 0;
    bool whole_flags = true;  // the destination's mailbox can keep them all
  };

  Task<> work_once();
  Task<> rest();
  Task<> reconnect_after(Error error);
  Task<> pump();
  void request_jobs();
  [[nodiscard]] bool goes_on() const noexcept;
  [[nodiscard]] bool ending() const noexcept { return retired_ || context_.stopping; }
  /// False: take() has to do it.
  Result<bool> take_at_once(const store::ReadStep& step);
  Task<> take(store::ReadStep step);
  [[nodiscard]] bool admit();
  [[nodiscard]] bool is_too_large(const store::MessageHead& head);
  void finish_job(store::ReadDone done);
  void retry_reading(RouteWork& work, const UidSet& uids, const Error* error);
  void measure_append(bool answered);
  void take_outcomes();
  void take_outcome(const store::AppendOutcome& outcome);
  void settle(const InFlight& message, Uid uid);
  void refuse(const InFlight& message, const store::AppendOutcome& outcome);
  void refuse_for_room(const InFlight& message, const store::AppendOutcome& outcome);
  [[nodiscard]] bool has_room_for(const store::MessageHead& head);
  Task<> measure_room(RouteWork& work);
  void give_up_for_room();
  void give_up_mailbox(RouteWork& work, Uid uid, const Error& error);
  void fail_message(RouteWork& work, Uid uid, const Error& error);
  /// Closes connections; what they were asked is counted.
  static void drop(std::unique_ptr<store::Session>& session, std::uint64_t& commands);
  void close_pair();
  Task<> hear_out();
  void blame_message(const Error& error);
  void suspect_unanswered(const Error& error);
  void park_culprits();
  [[nodiscard]] bool wire_is_free() const noexcept { return jobs_.empty() && in_flight_.empty(); }
  void reclaim();
  [[nodiscard]] std::uint64_t last_token() const noexcept { return first_token_ + in_flight_.size() - 1; }

  RunContext& context_;
  SessionPair pair_;
  std::unique_ptr<store::Reader> reader_;
  std::unique_ptr<store::Appender> appender_;
  std::unordered_map<std::uint64_t, Job> jobs_;  // by ticket
  std::deque<InFlight> in_flight_;               // in the order of their tokens
  std::uint64_t first_token_ = 1;                // of in_flight_.front()
  RouteWork* last_work_ = nullptr;
  RouteWork* current_ = nullptr;  // of the message at hand
  bool careful_ = false;          // it goes alone
  bool carrying_ = false;         // it goes at all
  bool destination_broke_ = false;
  bool on_trial_ = false;       // suspects have the connection for themselves
  bool in_message_ = false;     // some of it was sent, and an APPEND cannot be ended before all of it was
  std::optional<Error> fatal_;  // a refusal that concerns the whole destination
  int excused_ = 0;             // failures that are no sign of a destination that is down, since it accepted something
  Reconnection reconnection_;
  std::chrono::milliseconds pause_{0};  // the destination wants one
  bool was_connected_ = false;          // to both sides, once
  bool retired_ = false;
  std::chrono::steady_clock::time_point waiting_since_{};
};

}  // namespace mailferry::sync
