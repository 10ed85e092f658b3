// [bridge] of mailferry.toml: which new mail goes where, all day long. Plain data.
#pragma once

#include "base/log_options.hpp"
#include "net/listen_address.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::config {

/// New mail of one mailbox goes into each of `to`.
struct BridgeMapping {
  std::string from;                   // as Bridge::names says
  std::vector<std::string> to;        // created when missing
  std::vector<std::string> labels{};  // Gmail: X-GM-LABELS; elsewhere keywords
  bool operator==(const BridgeMapping&) const = default;
};

/// How far a source is pruned after delivery.
struct Retention {
  enum class Kind { keep, full_history, prune };
  Kind kind = Kind::keep;
  int days = 0;  // with prune: older ones are removed from the source once they are proven delivered everywhere
  bool operator==(const Retention&) const = default;
};

struct BridgeSource {
  std::string account;  // name of an [account.NAME]
  std::vector<BridgeMapping> mappings{};
  /// The first run takes only what arrives from then on.
  bool new_only = false;
  /// The first run takes only what arrived in the last so many days; 0: everything. Absent: the default of the
  /// destination.
  std::optional<int> since_days{};
  Retention retention{};
  bool idle = true;
  /// IDLE is begun anew after so long, before the server or a router on the way gives the connection up.
  std::chrono::seconds idle_refresh{14 * 60};
  std::chrono::seconds poll_interval{600};
  /// Flags that change on the source after the delivery are changed on the destination too.
  bool follow_flags = false;
  /// Parked messages are given up after so many days; 0: never. Absent: Bridge::error_retention_days.
  std::optional<int> error_retention_days{};
  bool operator==(const BridgeSource&) const = default;
};

/// How the mailboxes of mappings and Bridge::report_mailbox are spelled.
enum class MailboxNames {
  paths,   // as in --mailbox: UTF-8, levels joined with '/', in a level \/ for '/' and \\ for '\'
  server,  // UTF-8, with the separator and the namespace prefix of the server, as LIST shows it: "INBOX.Work"
};

struct Bridge {
  std::string destination;  // name of an [account.NAME]
  std::vector<BridgeSource> sources{};
  std::string state_file{};
  /// State of imap-bridge (state.db) or imap-to-gmail-sync (sync_state.json) that is taken over once; empty: none.
  std::string take_over{};
  MailboxNames names = MailboxNames::paths;
  /// Mailbox of the daily digest; empty: none.
  std::string report_mailbox{};
  int daily_hour = 7;  // local time: digest and retry of parked messages
  int destination_attempts = 8;
  int message_attempts = 5;
  std::chrono::seconds backoff_first{1};
  std::chrono::seconds backoff_most{60};
  std::chrono::hours dedup_memory{24};
  int error_retention_days = 0;
  /// "127.0.0.1:8080" for the status page and the metrics; empty: none.
  std::string listen{};
  /// Who may be able to reach `listen`.
  net::Reach listen_reach = net::Reach::loopback;
  log::Options log{};
  bool operator==(const Bridge&) const = default;
};

}  // namespace mailferry::config
