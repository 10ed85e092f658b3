// One batch of messages from a source mailbox to all who want them: each body is read once and given to all.
#pragma once

#include "mail/body_digest.hpp"
#include "sync/carry/source_mailbox.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace mailferry::sync {

class CarryBranch;
struct SentMessage;

/// Smaller messages are read whole before a connection to the destination is asked for, so that a source that stalls
/// holds up nobody else. Larger ones stream.
inline constexpr std::uint64_t kWholeOctets = 256U << 10;

class CarryBatch {
 public:
  /// `source` is the carrier's own session; all must outlive the batch. Where `others_wait` says so, the batch ends
  /// before it waits for room in a quota, but not before it has read something.
  CarryBatch(CarryContext& context, SourceMailbox& mailbox, store::Session& source, QuotaGate& download,
             std::function<bool()> others_wait);
  ~CarryBatch();
  CarryBatch(const CarryBatch&) = delete;
  CarryBatch& operator=(const CarryBatch&) = delete;

  /// Carries what of `uids` is still open. An error of scope account is the source's: its session is of no use any
  /// more. What the destination refuses is noted with the messages, and its connections that break are replaced.
  Task<> carry(const UidSet& uids);
  /// A quota has no room for a while: what is left was put off until then.
  [[nodiscard]] bool is_held() const noexcept { return held_until_.has_value(); }
  /// Not begun: others wait, or these had better come last.
  [[nodiscard]] const UidSet& left() const noexcept { return left_; }

 private:
  /// A message that is there to be carried, and who wants it.
  struct Wanted {
    store::MessageMeta meta{};
    std::vector<CarryRoute*> routes{};
  };
  /// What this batch alone may deliver now.
  struct Claim {
    CarryRoute* route = nullptr;
    Digest identity{};
    std::vector<Uid> uids{};  // of different contents
  };
  /// A message that is in memory whole.
  struct Whole {
    Wanted* wanted = nullptr;
    store::MessageHead head{};
    std::string octets{};
    Digest body{};
  };

  [[nodiscard]] store::ScanRequest header_request(const UidSet& uids) const;
  Task<> learn(const UidSet& uids);
  Task<> learn_singly(const UidSet& uids, store::MetaSink& sink, std::map<Uid, Error>& refused);
  Task<> choose(CarryRoute& route);
  Task<> unready(CarryRoute& route, Lane& lane, const std::vector<Wanted*>& open, const Error& error);
  Task<> look_up(CarryRoute& route, Lane& lane, const std::vector<Wanted*>& open);
  Task<> choose_among(CarryRoute& route, Lane& lane, const std::vector<Wanted*>& open);
  [[nodiscard]] bool is_found(CarryRoute& route, const Wanted& wanted) const;
  Task<bool> decide(CarryRoute& route, Lane& lane, Wanted& wanted);
  void take_there(CarryRoute& route, const store::MessageMeta& meta, const KnownMessage& there);
  [[nodiscard]] static bool is_proof(CarryRoute& route, Uid uid, const KnownMessage& there);
  /// The equal message on the destination; nothing: it has none. Error of scope run or account: `lane`'s.
  Task<std::optional<KnownMessage>> find_there(Lane& lane, CarryRoute& route, const store::MessageMeta& meta);
  /// The same of those whose headers say that they are others.
  Task<std::optional<KnownMessage>> find_lookalike_there(Lane& lane, CarryRoute& route, const store::MessageMeta& meta);
  [[nodiscard]] std::vector<Lookalike> lookalikes_of(CarryRoute& route, const store::MessageMeta& meta) const;
  /// Nothing is like it there but one message, which had come before this bridge did anything.
  [[nodiscard]] bool is_like_old_one(CarryRoute& route, const store::MessageMeta& meta,
                                     const std::vector<KnownMessage>& candidates) const;
  /// Whether headers and size say enough: that one, and nothing else on the source is like it.
  [[nodiscard]] bool is_enough_by_headers(CarryRoute& route, const store::MessageMeta& meta,
                                          const std::vector<KnownMessage>& candidates) const;
  /// Nothing: what the destination has there cannot be read. Error: `lane`'s.
  Task<std::optional<Digest>> body_there(Lane& lane, CarryRoute& route, const Digest& identity,
                                         const KnownMessage& candidate);
  [[nodiscard]] std::vector<KnownMessage> candidates_for(CarryRoute& route, const store::MessageMeta& meta) const;
  [[nodiscard]] bool wants_kinds(CarryRoute& route, const std::vector<Wanted*>& open) const;
  /// Those whose content has to be read, as something on the destination is like them.
  [[nodiscard]] UidSet to_compare(CarryRoute& route, const std::vector<Wanted*>& open) const;
  [[nodiscard]] bool wants_source(CarryRoute& route, const std::vector<Wanted*>& open) const;
  Task<> read_source(CarryRoute& route, const std::vector<Wanted*>& open);
  Task<bool> claim(CarryRoute& route, const store::MessageMeta& meta);
  Task<bool> is_unlike(Claim& claim, Uid uid);
  Task<Digest> body_on_source(Uid uid);
  void spread_large();
  void spread_over_limit(Wanted& wanted);
  static void read_again_for(CarryRoute& route, Uid uid);
  Task<> read_within_quota(UidSet uids);
  enum class Passed { now, later, after_others };
  Task<Passed> pass_quota(const Wanted& wanted, bool is_first);
  void put_off(const UidSet& uids);
  Task<> read_parts(const UidSet& uids);
  Task<> read_refused();
  Task<> note_refused(Uid uid, const Error& error);
  Task<> read(const UidSet& uids);
  Task<> take(const store::ReadStep& step, store::Reader& reader);
  Task<> begin_message(const store::MessageHead& head);
  Task<> end_message();
  Task<bool> is_empty_by_mistake();
  void note_cut(std::uint64_t octets);
  Task<> broken_off(Error error);
  Task<> suspect(Uid uid, const Error& error);
  [[nodiscard]] UidSet take_due(const UidSet& uids);
  [[nodiscard]] std::vector<UidSet> in_parts(const UidSet& uids) const;
  Task<> finish(store::ReadDone done);
  Task<> deliver();
  Task<> deliver_to(CarryRoute& route, const std::vector<Whole*>& messages);
  Task<> deliver_together(CarryRoute& route, std::vector<Whole*> messages);
  [[nodiscard]] bool lacks_room(CarryRoute& route, const store::MessageMeta& meta);
  Task<> begin_branches(const store::MessageHead& head);
  void add_branch(CarryRoute& route, Lane lane);
  Task<> end_branches();

  CarryContext& context_;
  SourceMailbox& mailbox_;
  store::Session& source_;
  QuotaGate& download_;
  std::map<Uid, Wanted> wanted_;
  std::set<std::pair<Digest, std::uint64_t>> sized_;  // identities and octets of these
  std::optional<Error> source_error_;                 // its session is of no use any more
  std::map<Uid, Digest> bodies_;                      // of the source's messages, where they were needed
  std::vector<Claim> claims_;
  std::set<std::pair<CarryRoute*, Uid>> searched_;  // on the destination
  std::deque<Whole> whole_;
  std::size_t whole_octets_ = 0;
  Wanted* current_ = nullptr;  // the message that is being read; null: nobody wants it
  bool in_message_ = false;
  bool streaming_ = false;  // into branches_
  std::uint64_t streamed_octets_ = 0;
  UidSet unread_;   // of what is being read: not begun
  UidSet refused_;  // by the source, of what was read
  std::optional<Error> refusal_;
  bool has_told_ = false;  // of a refusal
  std::optional<SteadyTime> held_until_;
  std::function<bool()> others_wait_;
  UidSet left_;
  std::uint64_t read_before_;
  BodyDigest digest_;
  std::vector<std::unique_ptr<CarryBranch>> branches_;
};

}  // namespace mailferry::sync
