// One source mailbox → one destination mailbox, for as long as a carrier works: what is settled, what had trouble, what
// is parked, and what of that is not yet saved.
#pragma once

#include "state/journal.hpp"
#include "sync/carry/destination_mailbox.hpp"
#include "sync/carry/keyword_care.hpp"

#include <map>
#include <string>
#include <vector>

namespace mailferry::sync {

/// A message that could not be delivered yet.
struct Trouble {
  int attempts = 0;
  SteadyTime again_at{};
  bool alone = false;                         // to go in an APPEND of its own
  KeywordsKept keywords = KeywordsKept::all;  // it was refused with more
  /// What the destination had accepted when this message broke a connection first; absent: it broke none.
  std::optional<std::uint64_t> broke_at{};
  /// The same for when there was no room for it first, and for when the destination was too busy for it.
  std::optional<std::uint64_t> no_room_at{};
  std::optional<std::uint64_t> busy_at{};
  /// The source refused to send it.
  struct Refusal {
    std::uint64_t read = 0;  // messages of its mailbox before
    SteadyTime since{};
    int times = 0;
  };
  std::optional<Refusal> refused{};
};

/// Where a message is on the destination, with the flags that the source had when they were last brought there.
struct Placed {
  Uid uid = 0;
  Flags flags{};
};

struct CarryRoute {
  state::Route row{};
  DestinationMailbox* to = nullptr;
  std::vector<std::string> labels{};

  UidSet settled{};  // delivered, or there is nothing to deliver: skipped or gone
  UidSet skipped{};  // of these: what was there before the carrier began, and is not wanted
  UidSet gone{};     // of these: not found on the source, or pruned
  bool gone_unsaved = false;
  UidSet there{};  // of these: were on the destination already, by whatever way; not proven delivered by this bridge
  bool there_unsaved = false;
  unsigned set_backs = 0;  // of the destination mailbox, that this route knows of
  UidSet untold{};         // accepted by the destination, which did not tell where, so that it is looked for
  std::map<Uid, Trouble> troubled{};
  std::map<Uid, state::Parked> parked{};
  std::map<Uid, state::Parked> retried{};  // of the troubled: parked, as it was, until it is known how the retry ends
  unsigned in_flight = 0;
  bool has_left_keywords = false;  // a message arrived without some of its keywords, since the start

  /// Nothing was on record of this mailbox, as the source or the state is new: much of it may be there.
  bool begins_anew = false;
  /// Then: what has a lower UID on the destination was there before. Where it is the only one of its Message-ID and
  /// headers on both sides, and has the size, its content is not compared (ADR 5).
  Uid trusts_headers_below = 0;

  /// On the destination: delivered, and still without their labels. What is not saved is found again like the rest.
  UidSet unlabelled{};
  UidSet unlabelled_saved{};
  UidValidity label_validity = 0;  // of the destination's UIDs above
  SteadyTime label_at{};           // not before
  int label_failures = 0;
  /// By UID on the source; only where flags are followed.
  bool follows = false;
  std::map<Uid, Placed> placed{};
  UidValidity placed_validity = 0;  // of the destination's UIDs there
  UidValidity placed_validity_saved = 0;
  UidSet flags_unsaved{};

  int unready = 0;             // how often in a row its mailbox could not be looked at or made
  SteadyTime unready_until{};  // nothing of this route is tried before

  /// Everything above was settled in this run and is not saved: to be written as ranges.
  UidSet unsaved{};
  std::optional<state::Intent> intent{};  // as it is saved; absent: none
  UidValidity intent_validity = 0;        // of the destination's UIDs there
  UidValidity intent_validity_saved = 0;
  /// May be on the destination, and nobody has looked since: the intent has to go on covering them.
  UidSet doubtful{};
  bool all_doubtful = false;  // what the first look finds open

  /// Whether all that was appended so far is settled, or known not to be there.
  [[nodiscard]] bool is_sure() const { return in_flight == 0 && !to->in_doubt() && !all_doubtful && doubtful.empty(); }

  /// Nothing to do for this message now.
  [[nodiscard]] bool rests(Uid uid, SteadyTime now) const {
    if (now < unready_until || settled.contains(uid) || parked.contains(uid)) return true;
    const auto found = troubled.find(uid);
    return found != troubled.end() && found->second.again_at > now;
  }
  /// Where the destination mailbox was restored or made anew, nothing is proven delivered to it. True: this is news.
  bool heed_set_back();
  /// Takes note; true: it was not settled before.
  bool settle(UidRange range);
  /// Nothing is known of these any more.
  void forget(UidRange range);
  /// Not to be tried before; no fault of the message.
  void put_off(Uid uid, SteadyTime until) {
    if (settled.contains(uid)) return;
    auto& again = troubled[uid].again_at;
    again = std::max(again, until);
  }
  /// It is on the destination and wants its labels.
  void want_labels(Uid on_destination);
  /// Remembers, where flags are followed. Before the message is settled.
  void place(Uid uid, Uid on_destination, const Flags& flags);
  /// These are not on the source any more: where they were brought is of no use, and is not kept.
  void unplace(const UidSet& uids);
  /// When the first of those that had trouble is due; max: none had.
  [[nodiscard]] SteadyTime next_due() const;
  /// What has a higher UID was never settled.
  [[nodiscard]] Uid first_unknown() const noexcept { return settled.empty() ? 1 : settled.max() + 1; }
  /// The lowest UID that is not settled.
  [[nodiscard]] Uid first_open() const noexcept;
  /// The intent counts by the mailbox that is there now.
  [[nodiscard]] bool is_intended() const { return intent && intent_validity == to->uid_validity(); }
  /// The intent for all that is still to come, unsaved.
  void intend();
  /// Adds to `batch` what is unsaved, and moves the intent on.
  void save(state::Batch& batch);

 private:
  void add_runs(UidRange range, state::Batch& batch) const;
  void save_flags(state::Batch& batch);
};

}  // namespace mailferry::sync
