// The work of a run, mailbox by mailbox, and the queue that hands it to workers.
#pragma once

#include "async/notifier.hpp"
#include "mail/uid_set.hpp"
#include "state/journal.hpp"
#include "store/store.hpp"
#include "sync/report.hpp"
#include "sync/room.hpp"
#include "sync/suspects.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

namespace mailferry::sync {

/// Settled messages whose flags changed on the source in the same way.
struct FlagWork {
  UidSet source;
  UidSet destination;
  Flags before;         // as the destination last got them; of unsure ones, all that it may have got
  Flags now;            // as the source has them
  bool unsure = false;  // a run that was interrupted may have stored some of it
  Flags recorded{};     // of unsure ones: what the destination had for certain before that
};

/// One route (source mailbox → destination mailbox) while it is worked on.
struct RouteWork {
  state::Route route;
  MailboxPath source;
  MailboxPath destination;
  store::MailboxStatus source_status;  // at the scan; what the checkpoint becomes when all is settled
  PermanentFlags permanent_flags;

  UidSet todo;               // to be copied; taken from the front
  UidSet ahead;              // taken out of todo and asked of the source before the destination was ready
  UidSet careful;            // of todo: one by one, each in its own APPEND
  UidSet doubt;              // may be on the destination already
  UidSet settled;            // delivered in this run, for servers that do not tell UIDs
  Uid destination_from = 1;  // what is in doubt has a UID from here on
  UidSet known_destination;  // UIDs from there on that are accounted for
  /// What is to be copied may be on the destination from this UID on, though no record says so; 0: it is not.
  Uid unrecorded_from = 0;
  /// One of the two mailboxes was set back to an earlier state: what is on record may stand for other messages now.
  bool set_back = false;
  UidSet forgotten;       // what is on record of it, still: all that was settled
  Uid next_expected = 0;  // the destination's UIDNEXT should not be below this, but is, by the list; 0: it is not
  /// When the connection broke (or this run began, after a crash): the server may go on storing for a while. Absent: it
  /// is at rest.
  std::optional<std::chrono::steady_clock::time_point> doubt_since;
  UidSet unread;                    // the source did not send them; until it is known whether they are still there
  UidSet without_keywords;          // the destination refused them with their keywords
  Uid destination_next = 0;         // the destination's UIDNEXT by what it told so far; 0: not known
  bool next_recorded = true;        // or one of before: it is on record
  std::uint64_t keywords_left = 0;  // messages that arrived without some of theirs, or of their flags
  std::map<Uid, Error> refused;     // by the destination, for good
  bool flags_to_retry = false;      // some of them: this user lacks the rights, now
  std::map<Uid, int> attempts;
  Room room;                   // on the destination, once it refused something for lack of it
  Suspects suspects;           // of breaking connections to the destination
  unsigned refused_reads = 0;  // requests that the source refused, since it last gave a message
  bool refused_whole = false;  // among them one for more than a message that was suspected
  std::vector<FlagWork> flag_work;

  unsigned jobs = 0;            // handed out
  std::uint64_t in_flight = 0;  // messages without an outcome
  bool resolving = false;
  bool fresh = true;         // no state: nothing was ever settled between these two UIDVALIDITYs
  bool unchanged = false;    // nothing to do: the checkpoint still holds
  bool believed = false;     // todo follows from the status of the source: it was not listed
  bool disproved = false;    // and the mailbox was found to be another than that
  bool match_first = false;  // the destination has mail that no state tells of
  bool by_map = false;
  bool was_mapped = false;  // by an earlier run's --map
  bool create = false;
  bool subscribe = false;
  SpecialUse use = SpecialUse::none;
  struct Found {
    Uid source;
    Uid destination;
    Flags flags;
  };
  std::vector<Found> found;           // on the destination already, by identity; not yet in the state
  std::vector<state::Parked> parked;  // by earlier runs
  MailboxReport* report = nullptr;
  /// The other routes into the same destination mailbox: what is theirs there must not be taken for ours.
  std::vector<RouteWork*> siblings;

  /// Messages are to be carried or looked for.
  [[nodiscard]] bool has_messages() const noexcept {
    return !todo.empty() || !ahead.empty() || !doubt.empty() || !found.empty();
  }
  [[nodiscard]] bool dead() const noexcept { return report->error.has_value(); }
  [[nodiscard]] bool quiet() const noexcept { return jobs == 0 && in_flight == 0 && !resolving; }
  /// Nothing is on its way into the destination mailbox, from any route.
  [[nodiscard]] bool destination_quiet() const noexcept {
    return quiet() && std::ranges::all_of(siblings, [](const RouteWork* other) { return other->quiet(); });
  }
  /// Somebody is finding out what of this run's messages the destination mailbox has.
  [[nodiscard]] bool destination_resolving() const noexcept {
    return resolving || std::ranges::any_of(siblings, [](const RouteWork* other) { return other->resolving; });
  }
};

/// The destination's mailbox keeps not even flags that every server has: the user lacks the rights (ACL), which may
/// come.
[[nodiscard]] bool lacks_rights(const RouteWork& work);
/// Leaves the system flags.
void remove_keywords(Flags& flags);

/// Some messages of one route for one worker.
struct Job {
  std::uint64_t ticket = 0;
  RouteWork* work = nullptr;
  UidSet uids;
  bool careful = false;
  bool gave = false;   // a message came
  bool trial = false;  // of suspects: nothing else goes over the connection meanwhile
};

/// Whether suspects may be handed out as well, which have a connection for themselves.
enum class Trials { none, allowed };

class WorkQueue {
 public:
  explicit WorkQueue(asio::io_context& context) : changed_(context) {}

  std::deque<RouteWork> routes;  // addresses stay valid

  /// The next job; prefers the route of the worker's last job, then the one with most left and fewest workers. Suspects
  /// come last.
  [[nodiscard]] std::optional<Job> take(RouteWork* preferred, std::size_t workers, Trials trials);
  /// A route whose doubt can be looked up now; marks it as being resolved.
  [[nodiscard]] RouteWork* take_doubt();
  /// A route with a destination short of room, where the sizes of what is left can be asked for now; marks it as being
  /// resolved.
  [[nodiscard]] RouteWork* take_unmeasured();
  [[nodiscard]] bool has_todo() const;
  /// Nothing left and nothing handed out.
  [[nodiscard]] bool finished() const;
  [[nodiscard]] std::uint64_t messages_left() const;

  /// Wakes workers that found nothing to do.
  void notify() noexcept { changed_.notify_all(); }
  asio::awaitable<void> wait() { return changed_.wait(); }

 private:
  [[nodiscard]] RouteWork* choose(RouteWork* preferred);
  [[nodiscard]] std::optional<Job> take_trial();
  async::Notifier changed_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace mailferry::sync
