// What the next daily mail will tell: errors and warnings, the same ones counted, and what was delivered. It is kept
// until that mail has arrived, also over restarts.
#pragma once

#include "base/result.hpp"
#include "report/bridge_status.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::report {

enum class DigestLevel { error, warning };

struct DigestEvent {
  DigestLevel level = DigestLevel::error;
  std::string account;  // empty: the bridge itself
  std::string text;     // as it was the last time
  std::uint64_t count = 0;
  WallTime first{};
  WallTime last{};
};

struct DigestCounts {
  std::uint64_t delivered = 0;
  std::uint64_t octets = 0;
  std::uint64_t duplicates = 0;
};

class DigestLog {
 public:
  /// Kinds of events; of more only the number is kept.
  static constexpr std::size_t kMostEvents = 200;
  static constexpr std::size_t kMostAccounts = 5'000;
  static constexpr std::size_t kLongestText = 400;
  static constexpr std::size_t kLongestSaved = 2 * 1024 * 1024;

  explicit DigestLog(WallTime since = {}) : since_(since) {}

  /// Events of an account whose texts differ only in numbers are one (event_key()).
  void add(DigestLevel level, std::string_view account, std::string_view text, WallTime now);
  void count_delivered(std::string_view account, std::uint64_t messages, std::uint64_t octets);
  void count_duplicates(std::string_view account, std::uint64_t messages);

  /// The mail made from `told`, a copy of this log as it was at `now`, has arrived: only what came since stays.
  void forget(const DigestLog& told, WallTime now);

  [[nodiscard]] bool is_empty() const noexcept { return events_.empty() && counts_.empty() && others_ == 0; }
  /// Errors first, then by how often.
  [[nodiscard]] std::vector<DigestEvent> events() const;
  [[nodiscard]] DigestCounts counts_of(const std::string& account) const;
  /// Events that were not kept, as there were too many kinds.
  [[nodiscard]] std::uint64_t others() const noexcept { return others_; }
  [[nodiscard]] WallTime since() const noexcept { return since_; }
  /// Changes with each call that changed something: what is saved need not be saved again.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  [[nodiscard]] std::string to_text() const;
  /// Error{state_corrupt}.
  [[nodiscard]] static Result<DigestLog> parse(std::string_view text);

 private:
  DigestCounts* counts_for(std::string_view account);

  std::map<std::string, DigestEvent, std::less<>> events_;  // by level, account and event_key()
  std::map<std::string, DigestCounts, std::less<>> counts_;
  std::uint64_t others_ = 0;
  WallTime since_{};
  std::uint64_t revision_ = 0;
};

}  // namespace mailferry::report
