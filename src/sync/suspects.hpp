// Which of the messages that were on their way when connections to the destination broke is to blame: those of one
// mailbox. Pure; the queue of work asks it what goes next.
#pragma once

#include "base/result.hpp"
#include "mail/uid_set.hpp"
#include "state/journal.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

namespace mailferry::sync {

/// Connections break for many reasons, so that once is no reason to suspect a message. Suspects go after all others, in
/// groups with nothing else on the connection; a group that breaks it is divided, and others have their turn first.
/// That finds one among thousands in a few steps, and shows meanwhile whether the destination accepts anything at all.
class Suspects {
 public:
  /// How a connection broke.
  struct Break {
    std::uint64_t unanswered = 0;  // messages, of all mailboxes
    std::uint64_t accepted = 0;    // by the destination, in this run so far
    Error error{};
  };
  /// With these of the mailbox among the unanswered.
  void add_break(const UidSet& uids, const Break& how);
  /// What earlier runs blamed goes last and alone, and is blamed again at once.
  void add_blamed(const std::vector<state::Parked>& parked);
  /// It has arrived.
  void clear(Uid uid);

  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  /// Those of `uids` that must not go together with others.
  [[nodiscard]] UidSet among(const UidSet& uids) const;
  /// The destination accepted other messages after a connection broke with this one: it is not down.
  [[nodiscard]] bool is_up_without(Uid uid, std::uint64_t accepted) const;

  /// Smaller goes first: large groups, and then what has broken fewest connections alone.
  using Turn = std::pair<std::int64_t, int>;
  /// Of the group that comes first; `waiting` is not empty, and all of it suspected.
  [[nodiscard]] Turn first_turn(const UidSet& waiting) const;
  /// It.
  [[nodiscard]] UidSet first_group(const UidSet& waiting) const;

  /// Those of `waiting` with which alone connections broke again and again while the destination accepted others; or
  /// `last_resort` times, where there are no others.
  [[nodiscard]] UidSet to_blame(const UidSet& waiting, std::uint64_t accepted, int last_resort) const;
  /// Why the message is not copied.
  [[nodiscard]] Error blame(Uid uid) const;

 private:
  struct Suspect {
    std::uint64_t accepted = 0;  // when the first connection broke with it
    std::int64_t group = 0;      // it goes with so many at most; 0: it is not suspected yet
    int alone = 0;               // connections that broke with nothing else unanswered
    bool blamed = false;         // by an earlier run
    [[nodiscard]] Turn turn() const noexcept { return {-group, alone}; }
  };
  std::map<Uid, Suspect> all_;
  std::map<Uid, Error> errors_;  // of those with which alone a connection broke
  UidSet suspected_;
};

}  // namespace mailferry::sync
