// [bridge] of mailferry.toml: which new mail goes where, all day long. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::config {

/// New mail of one mailbox goes into each of `to`.
struct BridgeMapping {
  std::string from;                   // as in --mailbox: UTF-8, joined with '/'
  std::vector<std::string> to;        // created when missing
  std::vector<std::string> labels{};  // Gmail: X-GM-LABELS; elsewhere keywords
};

/// How far a source is pruned after delivery.
struct Retention {
  enum class Kind { keep, full_history, prune };
  Kind kind = Kind::keep;
  int days = 0;  // with prune: older ones are removed from the source once they are proven delivered everywhere
};

struct BridgeSource {
  std::string account;  // name of an [account.NAME]
  std::vector<BridgeMapping> mappings{};
  /// The first run takes only what arrives from then on.
  bool new_only = false;
  /// The first run takes only what arrived in the last so many days; absent: the default of the destination.
  std::optional<int> since_days{};
  Retention retention{};
  bool idle = true;
  std::chrono::seconds poll_interval{600};
  /// Flags that change on the source after the delivery are changed on the destination too.
  bool follow_flags = false;
  /// Parked messages are given up after so many days; 0: never. Absent: Bridge::error_retention_days.
  std::optional<int> error_retention_days{};
};

struct Bridge {
  std::string destination;  // name of an [account.NAME]
  std::vector<BridgeSource> sources{};
  std::string state_file{};
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
};

}  // namespace mailferry::config
