// What is known for certain about a copy between two accounts, and what is in doubt. Intents are durable before the
// effect, outcomes after it (DESIGN §2.3). Lives in one SQLite file; format: docs/formats/state.md.
#pragma once

#include "base/result.hpp"
#include "mail/flags.hpp"
#include "mail/uid.hpp"
#include "mail/uid_set.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mailferry::state {

using PairId = std::int64_t;
using RouteId = std::int64_t;

/// One source mailbox → one destination mailbox. A UIDVALIDITY that changed on either side means another route row.
struct Route {
  RouteId id = 0;                // 0: not stored yet
  std::string source_mailbox{};  // UTF-8, joined with '/' after escaping '/' and '\' with '\'
  std::string destination_mailbox{};
  UidValidity source_validity = 0;
  UidValidity destination_validity = 0;
  /// Source as it was when all before was settled: then UIDNEXT, HIGHESTMODSEQ, MESSAGES equal to these mean "nothing
  /// new".
  Uid source_uid_next = 0;
  ModSeq source_modseq = 0;
  std::uint32_t source_messages = 0;
};

/// An append that may have happened: source UIDs, to be found on the destination from UID `destination_from` on.
struct Intent {
  RouteId route = 0;
  UidSet source{};
  Uid destination_from = 0;
};

/// `count` consecutive source UIDs delivered to as many consecutive destination UIDs (destination 0: UIDs unknown, no
/// UIDPLUS), all with the same flags at the time of the last look.
struct SettledRun {
  Uid source = 0;
  std::uint32_t count = 0;
  Uid destination = 0;
  Flags flags{};
};

/// A message that was given up on; reported and retried by later runs.
struct Parked {
  RouteId route = 0;
  Uid source = 0;
  std::string reason{};
  std::string remedy{};
  int attempts = 0;
  std::int64_t since = 0;  // when it was given up on, in seconds since 1970; 0: not recorded
};

/// Everything that belongs into one transaction; filled on the network thread, applied on the blocking pool. Whatever
/// the order it was filled in, it takes effect in this one: routes, closed_intents, intents, forgotten, settled, flags,
/// unparked, parked, notes. So a new intent survives the closing of the one before, and what is to be copied again may
/// be forgotten and settled in one batch.
struct Batch {
  std::vector<Route> routes{};                            // insert (id 0) or update the checkpoint values
  std::vector<Intent> intents{};                          // replaces the open intent of the route
  std::vector<RouteId> closed_intents{};                  // nothing of the route is in doubt any more
  std::vector<std::pair<RouteId, SettledRun>> settled{};  // in doubt → settled; adjacent runs are merged
  std::vector<std::pair<RouteId, std::vector<std::pair<UidSet, Flags>>>>
      flags{};                                          // settled messages have these flags now; others are passed over
  std::vector<std::pair<RouteId, UidSet>> forgotten{};  // expunged on the source, or to be copied again
  std::vector<Parked> parked{};                         // insert or update
  std::vector<std::pair<RouteId, UidSet>> unparked{};
  std::vector<std::pair<std::string, std::string>> notes{};  // key → value for the pair (e.g. slowest append)
  [[nodiscard]] bool empty() const noexcept;
};

class Journal {
 public:
  /// Opens or creates the file (0600, missing directories 0700) and locks it against a second process: Error{local_io,
  /// run} "is in use by process N". A newer format or a damaged file is Error{state_corrupt} and the file is left
  /// alone.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const std::string& path);
  ~Journal();

  /// The pair of accounts, created when new. Keys are "user@host:port"; what is on record of an account by its other
  /// port (state/account_key.hpp) is found, and where both are, first a pair that something is on record of, then the
  /// one with these very keys.
  [[nodiscard]] Result<PairId> pair(const std::string& source_account, const std::string& destination_account);
  /// The same; absent when it is new.
  [[nodiscard]] Result<std::optional<PairId>> find_pair(const std::string& source_account,
                                                        const std::string& destination_account);
  struct Pair {
    PairId id = 0;
    std::string source_account{};
    std::string destination_account{};
  };
  /// All pairs of the file.
  [[nodiscard]] Result<std::vector<Pair>> pairs();
  /// All pairs with this source by either of its ports, with the keys of their destinations.
  [[nodiscard]] Result<std::vector<std::pair<PairId, std::string>>> pairs_from(const std::string& source_account);
  [[nodiscard]] Result<std::vector<Route>> routes(PairId pair);
  /// Intents that were never closed: what they name and is not settled is in doubt. Intents with nothing left are left
  /// out.
  [[nodiscard]] Result<std::vector<Intent>> in_doubt(PairId pair);
  /// The same intents whole, settled messages included, as they were written.
  [[nodiscard]] Result<std::vector<Intent>> open_intents(PairId pair);
  /// Settled runs of a route, ascending by source UID; reads in chunks so that memory stays bounded: begin with 1, call
  /// with the last source UID + 1 until it returns an empty list. A run across `from` is given from there on.
  [[nodiscard]] Result<std::vector<SettledRun>> settled(RouteId route, Uid from, std::size_t limit = 4096);
  [[nodiscard]] Result<UidSet> settled_uids(RouteId route);
  /// The highest settled source UID; 0: nothing is settled.
  [[nodiscard]] Result<Uid> highest_settled(RouteId route);
  [[nodiscard]] Result<std::vector<Parked>> parked(PairId pair);
  [[nodiscard]] Result<std::optional<std::string>> note(PairId pair, const std::string& key);

  /// One durable transaction (fsync). New routes get their ids written into `batch.routes`. On Error{local_io} (disk
  /// full…) nothing of the batch is stored. UIDs that no mailbox can have are Error{protocol, mailbox}. All calls are
  /// thread-safe.
  [[nodiscard]] Result<> apply(PairId pair, Batch& batch);

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mailferry::state
