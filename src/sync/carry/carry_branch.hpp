// The way of messages into one destination mailbox over one connection: appends, and what becomes of them.
#pragma once

#include "sync/carry/source_mailbox.hpp"

#include <deque>
#include <memory>

namespace mailferry::sync {

/// What was handed to an appender.
struct SentMessage {
  Uid uid = 0;  // on the source
  Digest identity{};
  KnownMessage known{};
  Flags flags{};  // on the source
  std::string message_id{};
  Flags given{};   // to the destination
  Flags wanted{};  // the same with all the keywords
  bool answered = false;
};

class CarryBranch {
 public:
  CarryBranch(CarryContext& context, SourceMailbox& mailbox, CarryRoute& route, Lane lane);
  ~CarryBranch();
  CarryBranch(const CarryBranch&) = delete;
  CarryBranch& operator=(const CarryBranch&) = delete;

  /// Begins a message. After something went wrong these three do nothing: what is left is in doubt.
  Task<> begin(const store::MessageHead& head, const store::MessageMeta& meta);
  Task<> write(std::span<const char> octets);
  void end(const Digest& body);
  /// The message that was begun will not be finished: its connection is of no use any more.
  void abandon() noexcept { abandoned_ = true; }
  /// Waits for the outcomes and takes note of them. Errors are of the state file only.
  Task<> close();

 private:
  [[nodiscard]] store::MessageHead head_for(const store::MessageHead& head) const;
  [[nodiscard]] KeywordsKept keywords_of(Uid uid) const;
  Task<> take_outcome(const store::AppendOutcome& outcome);
  void take_delivered(SentMessage& sent, Uid uid, UidValidity uid_validity);
  void tell(const SentMessage& sent);
  Task<> take_refused(const SentMessage& sent, const store::AppendOutcome& outcome);
  [[nodiscard]] bool goes_with_fewer_keywords(const SentMessage& sent, const Error& error);
  Task<> note_duration(std::chrono::milliseconds took);
  Task<> take_busy(const SentMessage& sent, const Error& error);
  Task<> take_no_room(const SentMessage& sent, const Error& error);
  Task<> lose(const Error& error);
  [[nodiscard]] bool is_to_blame(Uid uid);
  [[nodiscard]] bool wants_labels() const;
  Task<> add_labels();
  [[nodiscard]] bool is_alone(Uid uid) const;

  CarryContext& context_;
  SourceMailbox& mailbox_;
  CarryRoute& route_;
  Lane lane_;
  std::unique_ptr<store::Appender> appender_;
  Uid from_;              // what is appended here has this UID or a higher one,
  UidValidity validity_;  // counted by this
  std::deque<SentMessage> sent_;
  UidSet told_;  // UIDs on the destination
  std::optional<Error> error_;
  bool abandoned_ = false;
  bool in_message_ = false;  // begun and not ended: its connection is inside a literal
  bool closed_ = false;
};

}  // namespace mailferry::sync
