// One watched mailbox of a source, with all the routes that begin there.
#pragma once

#include "sync/carry/carry_context.hpp"
#include "sync/carry/carry_route.hpp"
#include "sync/carry/set_back.hpp"
#include "sync/carry/unseen_messages.hpp"

#include <deque>
#include <functional>
#include <limits>
#include <vector>

namespace mailferry::sync {

/// A message that was given up on for now, and the mailbox that it did not get into.
struct ParkedMessage {
  MailboxPath to;
  state::Parked message{};
};

class SourceMailbox {
 public:
  SourceMailbox(CarryContext& context, state::PairId pair, const SourceSettings& settings, const CarryRule& rule,
                std::string account)
      : context_(context), pair_(pair), settings_(settings), rule_(rule), account_(std::move(account)) {}

  [[nodiscard]] const MailboxPath& path() const noexcept { return rule_.from; }
  [[nodiscard]] const std::string& account() const noexcept { return account_; }
  [[nodiscard]] UidValidity uid_validity() const noexcept { return uid_validity_; }
  [[nodiscard]] std::deque<CarryRoute>& routes() noexcept { return routes_; }
  /// As at the last look, for a Watcher.
  [[nodiscard]] store::Watched watched() const { return {rule_.from, uid_validity_, uid_next_}; }

  /// Looks for what is to be carried now. A mailbox that is new or was replaced begins by the policy.
  Task<UidSet> look(store::Session& session) { return look(session, Again::no); }
  /// When something that had trouble is to be tried again; max: nothing.
  [[nodiscard]] SteadyTime next_due() const;
  /// After a look that began then: what was due before it and still is waits, lest the looks follow without a pause.
  void rest_after_look(SteadyTime begun);
  /// What was parked is tried again, and what waits does not wait any longer.
  void retry_parked();
  /// Before the first look: what the state says is parked. Errors: of the state file.
  Result<> load_parked();
  /// Also what is being tried again just now, and, where the source cannot be looked at, what was parked before.
  [[nodiscard]] std::vector<ParkedMessage> parked() const;
  using Chosen = std::function<bool(const state::Parked&)>;
  /// Parked messages that are chosen are neither tried nor told of again; how many.
  Task<std::size_t> give_up(const Chosen& chosen);
  /// The same for those that are parked for longer than the user wants.
  Task<> expire_parked();
  /// Before the first append in this state of things: what may be done is durable.
  Task<> intend(CarryRoute& route);
  /// The message was refused, or its reading failed. Parks it when that is enough.
  Task<> note_trouble(CarryRoute& route, Uid uid, const Error& error, bool park_at_once);
  /// The source refused to send the message, in a batch before which so many had been read. It is blamed only where
  /// others could be read since, or after a day: a source that sends nothing is ill, and no message is to blame.
  Task<> note_refused(CarryRoute& route, Uid uid, const Error& error, std::uint64_t read_before);
  /// The source refused to send it, or broke the connection instead, and has not sent it since.
  [[nodiscard]] bool is_suspect(Uid uid) const;
  /// A message was read whole.
  void note_read() noexcept { ++read_; }
  [[nodiscard]] std::uint64_t messages_read() const noexcept { return read_; }
  /// The size of a message became known.
  void note_size(Uid uid, std::uint64_t octets);
  /// How long something waits that failed so often in a row.
  [[nodiscard]] std::chrono::milliseconds pause_after(int failures, const Error& error) const;
  /// Brings flags that changed on the source to the destination. Error of scope account: the source's.
  Task<> follow_flags(store::Session& session);
  void settle(CarryRoute& route, UidRange range);
  /// Fills a flush of the journal.
  void save(state::Batch& batch);
  /// All is recorded and nothing under way: the next start need not look anything up.
  void close_intents(state::Batch& batch);
  /// The messages whose INTERNALDATE is before that (seconds since 1970).
  Task<UidSet> older_than(store::Session& session, std::int64_t seconds);
  /// Messages that are proven delivered to every target.
  [[nodiscard]] UidSet delivered_everywhere() const;
  /// Where a destination mailbox was restored or made anew, what was brought there is proven no more; it is told.
  void heed_set_backs();
  /// These were removed from the source. Keeps what is saved of the gone short: it becomes one range.
  void note_pruned(const UidSet& uids);
  /// Whether what is old is to be removed from the source.
  [[nodiscard]] bool is_pruned() const noexcept { return settings_.prune_days.has_value(); }
  /// Reads all headers once, for is_one_of_its_kind().
  Task<> learn_kinds(store::Session& session);
  [[nodiscard]] bool has_learnt_kinds() const noexcept { return kinds_.has_value(); }
  /// No other message of the mailbox has this identity, as far as learn_kinds() found; what came since may be any.
  [[nodiscard]] bool is_one_of_its_kind(Uid uid, const Digest& identity) const;
  /// Whether what is open may have been delivered when the mailbox had another UIDVALIDITY.
  [[nodiscard]] bool was_replaced() const noexcept { return replaced_; }
  /// It was there at the first look of this process, as far as is known, and not only since.
  [[nodiscard]] bool may_be_old(Uid uid) const noexcept { return uid < old_below_; }
  /// Before the first look: since when mail is new, also where that look comes late.
  Result<> note_new_since();
  /// A look failed: what comes until the next one may be new.
  void note_failed_look() noexcept { looked_in_vain_ = true; }
  [[nodiscard]] std::uint64_t open_messages() const noexcept { return open_; }
  /// About so many octets will be read for them, and brought, to all targets together; 0: no size is known yet.
  [[nodiscard]] std::uint64_t open_octets(plan::Direction direction) const;

 private:
  enum class Again { no, yes };
  Task<UidSet> look(store::Session& session, Again again);
  Task<> begin(store::Session& session, const store::MailboxStatus& status);
  Task<> load(UidValidity uid_validity);
  Result<> load_uids(CarryRoute& route);
  Task<> load_route(CarryRoute& route, const std::vector<state::Route>& rows,
                    const std::vector<state::Intent>& intents);
  Result<> load_intent(CarryRoute& route, const state::Intent& intent);
  static void save_validity(CarryRoute& route, state::Batch& batch);
  Result<> load_unlabelled(CarryRoute& route);
  Result<> load_left(const CarryRoute& route);
  Result<> load_placed(CarryRoute& route);
  Task<> follow_flags(CarryRoute& route, const std::map<Uid, Flags>& now);
  Task<> take_over_delivered(store::Session& session, state::Batch& batch);
  struct Beginning {
    std::int64_t since = 0;    // seconds since 1970
    bool seen_before = false;  // some time, perhaps with another UIDVALIDITY
    bool takes_over = false;   // another tool's state says what it had carried
    UidSet skipped;            // by all routes
  };
  Task<Beginning> beginning(store::Session& session, const store::MailboxStatus& status);
  Task<UidSet> unwanted(store::Session& session, const store::MailboxStatus& status, bool all_of_it,
                        std::int64_t since);
  Task<> add_rows();
  Result<> note_beginnings();
  static void begin_route(CarryRoute& route, const UidSet& skipped, state::Batch& batch);
  Task<> skip_old(store::Session& session, const store::MailboxStatus& status);
  Task<std::int64_t> wanted_since();
  [[nodiscard]] bool looks_late() const;
  /// All below is known, and settled but for `holes`.
  [[nodiscard]] Uid tail(UidSet& holes) const;
  Task<store::ScanResult> scan_open(store::Session& session, const UidSet& holes, Uid from);
  /// What was not found is not gone yet, where it may still come to light: nothing proves that the server lists all.
  void spare_unseen(UidSet& looked_at, const store::ScanResult& looked, Uid from);
  /// What is to be carried of it now.
  UidSet take_found(const UidSet& found, const UidSet& looked_at);
  static void doubt(CarryRoute& route, const UidSet& open);
  Task<std::size_t> give_up_before(const Chosen& chosen);
  void take_gone(CarryRoute& route, const UidSet& looked_at, const UidSet& found);
  /// All below was seen on the source at some time.
  [[nodiscard]] Uid seen_below() const;
  /// These UIDs and those above stand for other messages now: they are looked for on the destination like those of a
  /// mailbox that was replaced.
  Task<> forget_from(Uid uid);

  CarryContext& context_;
  state::PairId pair_;
  const SourceSettings& settings_;
  const CarryRule& rule_;
  std::string account_;
  UidValidity uid_validity_ = 0;
  Uid uid_next_ = 0;
  Uid old_below_ = std::numeric_limits<Uid>::max();
  std::int64_t new_since_ = 0;  // seconds since 1970; 0: as of now
  bool looked_in_vain_ = false;
  UnseenMessages unseen_;
  SetBack set_back_;
  SteadyTime rests_until_{};  // what is due before then was due at the last look, which changed nothing
  std::uint64_t open_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t sized_ = 0;  // so many messages have
  std::uint64_t sized_octets_ = 0;
  Uid sized_up_to_ = 0;         // each is counted once, however often it is looked at
  ModSeq followed_modseq_ = 0;  // flags are followed up to here
  SteadyTime followed_at_{};
  SteadyTime followed_all_at_{};  // the flags of all messages
  bool replaced_ = false;         // messages of before may be on the destination, under UIDs that say nothing any more
  struct Kinds {
    std::vector<Digest> repeated{};  // identities that several messages have, sorted
    Uid up_to = 0;                   // what has a higher UID is not counted
  };
  std::optional<Kinds> kinds_;
  std::deque<CarryRoute> routes_;
  std::vector<ParkedMessage> parked_before_;  // until the first look
  bool is_to_retry_ = false;                  // then
};

}  // namespace mailferry::sync
