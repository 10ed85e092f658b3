// What a running bridge tells of itself: for the status page, the metrics, `mailferry status` and the digest. Plain
// data.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::report {

using WallTime = std::chrono::system_clock::time_point;

/// Octets moved today and what is allowed; limit 0: none.
struct QuotaStatus {
  std::uint64_t down = 0;
  std::uint64_t up = 0;
  std::uint64_t down_limit = 0;
  std::uint64_t up_limit = 0;
  std::optional<WallTime> resumes_at{};  // held back until then
  std::optional<WallTime> done_at{};     // what is queued will have been moved by then
};

struct ParkedStatus {
  std::string account;
  std::string mailbox;
  std::string destination;
  std::uint32_t uid = 0;
  std::string reason;
  std::string remedy;
  int attempts = 0;
  std::optional<WallTime> since{};
};

/// degraded: some of its mailboxes cannot be looked at, and the others are carried.
enum class Health { starting, working, waiting, degraded, failing };
inline constexpr std::array kAllHealth{Health::starting, Health::working, Health::waiting, Health::degraded,
                                       Health::failing};

struct AccountStatus {
  std::string account;  // "alice@mail.example.org:993"
  bool is_destination = false;
  Health health = Health::starting;
  std::string watching;  // "NOTIFY", "IDLE", "polling"
  std::string last_error;
  std::optional<WallTime> last_error_at{};
  std::optional<WallTime> last_success{};  // a look that ended well; the destination did something
  std::optional<WallTime> last_delivery{};
  std::uint64_t delivered = 0;  // since the start
  std::uint64_t delivered_octets = 0;
  std::uint64_t duplicates = 0;  // were on the destination already
  std::uint64_t queued = 0;      // known and not yet delivered
  std::uint64_t reconnects = 0;
  unsigned connections = 0;
  QuotaStatus quota{};
};

struct BridgeStatus {
  std::string version;
  WallTime started{};
  std::vector<AccountStatus> accounts;  // the destination first
  std::vector<ParkedStatus> parked;
  std::uint64_t journal_commits = 0;
  std::uint64_t journal_octets = 0;       // written to the state since the start
  std::optional<WallTime> next_report{};  // daily mail; nothing: there is none
};

[[nodiscard]] constexpr const char* to_word(Health health) noexcept {
  switch (health) {
    case Health::starting:
      return "starting";
    case Health::working:
      return "working";
    case Health::waiting:
      return "waiting";
    case Health::degraded:
      return "degraded";
    case Health::failing:
      return "failing";
  }
  return "";
}

}  // namespace mailferry::report
