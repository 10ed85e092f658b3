// One one-way run between two accounts: look at both sides, plan, carry, settle (DESIGN §1).
#pragma once

#include "async/task_scope.hpp"
#include "sync/copy_worker.hpp"
#include "sync/identity_match.hpp"
#include "sync/run_context.hpp"
#include "sync/steady_session.hpp"
#include "sync/unclaimed.hpp"

#include <map>
#include <memory>
#include <vector>

namespace mailferry::sync {

/// A mailbox to be copied, as the mapping decided.
struct RouteSpec {
  MailboxPath source;
  MailboxPath destination;
  SpecialUse use = SpecialUse::none;  // to be given to a mailbox that is created
  bool create = false;
  bool subscribe = false;
  std::string reason;
  bool by_map = false;  // --map says so; without it the mailbox goes elsewhere
  store::MailboxStatus source_status;
  std::optional<store::MailboxStatus> destination_status;  // absent: does not exist
};

/// Key of the note in the state that tells which name the destination had to be given instead of `wanted`.
[[nodiscard]] std::string renamed_note(const MailboxPath& wanted);
/// Key of the note that a route was made by --map: a run without it does not follow it. Empty: it did go there since.
[[nodiscard]] std::string mapped_note(state::RouteId route);
/// Key of the note that a mailbox of the route was once set back to an earlier state: what seems new there may be
/// known.
[[nodiscard]] std::string set_back_note(state::RouteId route);
/// Key of the note with the destination's UIDNEXT when all of a route was settled; 0: not known. A higher one tells
/// that mail came that this state does not know: others' mail, or that of runs with a newer copy of the state.
[[nodiscard]] std::string destination_next_note(state::RouteId route);

class CopyRun {
 public:
  /// `context` must outlive the run; `pair` is connected. What breaks from here on is replaced, in all phases alike.
  CopyRun(RunContext& context, SessionPair pair);
  ~CopyRun() { std::erase(context_.pairs, &pair_); }
  CopyRun(const CopyRun&) = delete;
  CopyRun& operator=(const CopyRun&) = delete;

  /// Finds out what is to be done, without changing anything anywhere. Fills the report's mailboxes.
  Task<> plan(const std::vector<RouteSpec>& specs);
  /// Nothing at all to do: no message, flag, mailbox or subscription.
  [[nodiscard]] bool nothing_to_do() const;
  /// Does it. An error is one that ended the run early; what was done is recorded.
  Task<> execute();
  /// For when there is nothing to do: records that both sides are as seen.
  Task<> record_checkpoint();
  /// Says goodbye to both servers.
  Task<> finish();

 private:
  struct KnownFlags;
  Result<> add_route(const RouteSpec& spec);
  void link_siblings();
  Result<> load_state();
  Result<bool> is_blank(const state::Route& route);
  Result<> decide(RouteWork& work, const RouteSpec& spec);
  Result<> doubt_history(RouteWork& work, const RouteSpec& spec);
  Task<> look_for_restored();
  Task<> open_doubted();
  Task<> scan();
  Result<> take_scan(RouteWork& work, const KnownFlags& flags, const store::ScanResult& scanned, bool is_whole);
  void take_status(RouteWork& work, const store::ScanResult& scanned);
  Result<> apply_scan(RouteWork& work, const UidSet& uids, const KnownFlags& flags);
  Result<> plan_flags(RouteWork& work, const KnownFlags& flags);
  Task<> match_first();
  Task<> match_existing(RouteWork& work);
  Task<> match_unrecorded();
  Task<> match_unrecorded_of(RouteWork& work);
  Task<> match_unclaimed();
  Task<> take_displaced(const UnclaimedMail& mail, UidSet& taken);
  Task<> match_unclaimed_of(const UnclaimedMail& mail);
  Task<plan::Ambiguous> shared_identities(const RouteWork& work);
  void take_later_match(RouteWork& work, const std::vector<MatchedMessage>& matched);
  void take_match(RouteWork& work, const std::vector<MatchedMessage>& matched);
  [[nodiscard]] bool shares_destination(const RouteWork& work) const;
  void forget(RouteWork& work);
  void take_id(RouteWork& work, state::RouteId id);
  [[nodiscard]] SteadySession& source() noexcept { return static_cast<SteadySession&>(*pair_.source); }
  [[nodiscard]] SteadySession& destination() noexcept { return static_cast<SteadySession&>(*pair_.destination); }
  asio::awaitable<void> read_ahead();
  Task<> prepare();
  Task<> prepare_all(const std::vector<RouteWork*>& asked, std::vector<RouteWork*>& refused);
  Task<> prepare_renamed(const std::vector<RouteWork*>& refused);
  [[nodiscard]] MailboxPath free_plain_name(const MailboxPath& wanted) const;
  Task<> record_intents();
  Task<> copy();
  Task<> copy_disproved();
  void lend_sessions(SessionPair& pair);
  void add_worker();
  Task<> run_worker(CopyWorker* worker);
  void take_back_sessions();
  Result<> load_accounted(RouteWork& work, const state::Intent& intent);
  Task<> store_flags(RouteWork& work, std::vector<store::FlagUpdate>& updates);
  Task<> find_destinations(RouteWork& work);
  [[nodiscard]] unsigned first_workers();
  Task<> grow_workers();
  Task<> check_unread();
  Task<> judge_absent(RouteWork& work, std::uint64_t messages);
  Task<> announce_flags();
  Task<> update_flags();
  Task<> update_flags_of(RouteWork& work);
  Task<> checkpoint();
  Task<> name_failures();

  RunContext& context_;
  SessionPair pair_;  // steady; the first worker has the connections while it works
  std::vector<state::Route> stored_routes_;
  std::map<state::RouteId, state::Intent> open_intents_;  // whole, as written
  std::map<state::RouteId, UidSet> in_doubt_;
  std::map<state::RouteId, std::vector<state::Parked>> parked_;
  std::map<MailboxPath, std::shared_ptr<const std::vector<Digest>>> shared_identities_;  // by destination
  std::deque<CopyWorker> workers_;
  async::TaskScope* worker_scope_ = nullptr;  // while copy() runs
  bool reading_ahead_ = false;                // the first worker is there and has asked for messages
  bool copying_ = true;
  std::optional<Error> halted_;
};

}  // namespace mailferry::sync
