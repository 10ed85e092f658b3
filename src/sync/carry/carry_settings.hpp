// What a carrier is told to do: which new mail of a source goes where, and how patient it is. Plain data.
#pragma once

#include "async/retry_policy.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/server_pause.hpp"
#include "mail/uid_set.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mailferry::sync {

/// A server that refuses the credentials is not asked again before: accounts get locked.
inline constexpr std::chrono::minutes kAfterRefusedLogin{15};

struct CarryTarget {
  MailboxPath mailbox;
  std::vector<std::string> labels{};
  /// Message-IDs that another tool brought here, when it is taken over; null: none.
  const std::set<std::string>* delivered_before = nullptr;
  /// The same by UIDs of the source, whatever CarryRule::but says; they count where CarryRule::done_up_to does.
  UidSet uids_before{};
};

/// New mail of one mailbox goes into each of the targets.
struct CarryRule {
  MailboxPath from;
  std::vector<CarryTarget> to{};
  /// What another tool had carried before, when it is taken over: all messages up to this UID but for those below.
  Uid done_up_to = 0;
  UidSet but{};
};

struct SourceSettings {
  std::vector<CarryRule> rules{};
  bool new_only = false;            // what is there at the first look stays uncarried
  std::optional<int> since_days{};  // the same for what is older; not with new_only
  std::optional<int> prune_days{};  // what is older and proven delivered everywhere is removed from the source
  bool follow_flags = false;        // flags that change later on the source change on the destination too
  bool idle = true;
  std::chrono::milliseconds poll_every{600'000};
  /// IDLE begins anew after this: below what servers (30 min, RFC 2177) and most routers forget.
  std::chrono::milliseconds idle_refresh{9 * 60'000};
  /// Connections that only wait for news. Where the mailboxes are more, the connection that carries watches them all,
  /// or the others are polled.
  std::size_t watchers = 3;
  int error_retention_days = 0;  // parked messages are given up after so many days; 0: never
};

struct CarrySettings {
  int message_attempts = 5;      // before a message is parked
  int destination_attempts = 8;  // that fail in a row before the destination counts as down
  async::RetryPolicy backoff{};
  std::chrono::hours dedup_memory{24};
  /// What is delivered is recorded so often, at most: until then a crash costs a look-up (DESIGN §2.3).
  std::chrono::milliseconds flush_every{300'000};
  std::size_t flush_messages = 1000;
  /// While another source delivers an equal message: as long as it has been at it, within these.
  std::chrono::milliseconds claim_pause{500};
  std::chrono::milliseconds claim_pause_most{60'000};
  unsigned lanes = 4;  // connections to the destination, never more
  std::size_t window_octets = 8U << 20;
  /// How long a destination must have been at rest before what is in doubt is looked up; see RunSettings.
  std::chrono::milliseconds least_quiet{2'000};
};

/// What a server asks for by its words when it limits a rate or has no room; zero: nothing.
[[nodiscard]] inline std::chrono::milliseconds wanted_pause(const Error& error, int in_a_row) {
  if (error.kind != ErrorKind::throttled && error.kind != ErrorKind::quota) return {};
  const auto pause = read_server_pause(error.message);
  return pause ? length_of(*pause, in_a_row) : std::chrono::milliseconds{0};
}

}  // namespace mailferry::sync
