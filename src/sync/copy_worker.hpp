// One pair of connections that carries messages: bodies stream from the reader straight into the appender.
#pragma once

#include "sync/run_context.hpp"

#include <unordered_map>

namespace mailferry::sync {

class CopyWorker {
 public:
  /// `context` must outlive the worker. `pair` may be empty: then the worker connects itself.
  CopyWorker(RunContext& context, SessionPair pair) : context_(context), pair_(std::move(pair)) {
    context_.pairs.push_back(&pair_);
  }
  ~CopyWorker() { std::erase(context_.pairs, &pair_); }
  CopyWorker(const CopyWorker&) = delete;
  CopyWorker& operator=(const CopyWorker&) = delete;

  /// Works until the queue is finished, the run is stopped, or the worker is retired. An error means that this worker
  /// cannot go on (its work is back in the queue); the run decides whether others can.
  Task<> run();
  /// Ends after what it has taken.
  void retire() noexcept {
    retired_ = true;
    context_.queue.notify();
  }
  [[nodiscard]] SessionPair& pair() noexcept { return pair_; }

 private:
  struct InFlight {
    RouteWork* work;
    Uid uid;
    Flags flags;
    std::uint64_t octets;
  };

  Task<> work_once();
  Task<> reconnect_after(Error error);
  Task<> pump();
  void request_jobs();
  [[nodiscard]] bool ending() const noexcept { return retired_ || context_.stopping; }
  Task<> carry(const store::MessageHead& head);
  Task<> stream_body(const store::MessageHead& head);
  void finish_job(store::ReadDone done);
  void retry_reading(RouteWork& work, const UidSet& uids, const Error* error);
  void measure_append(bool answered);
  void take_outcomes();
  void settle(const InFlight& message, const store::AppendOutcome& outcome);
  void refuse(const InFlight& message, const store::AppendOutcome& outcome);
  void fail_message(RouteWork& work, Uid uid, const Error& error);
  void reclaim();

  RunContext& context_;
  SessionPair pair_;
  std::unique_ptr<store::Reader> reader_;
  std::unique_ptr<store::Appender> appender_;
  std::unordered_map<std::uint64_t, Job> jobs_;            // by ticket
  std::unordered_map<std::uint64_t, InFlight> in_flight_;  // by token
  RouteWork* last_work_ = nullptr;
  std::uint64_t last_token_ = 0;
  std::optional<Error> fatal_;  // a refusal that concerns the whole destination
  int attempts_ = 0;
  bool retired_ = false;
  std::chrono::steady_clock::time_point waiting_since_{};
};

}  // namespace mailferry::sync
