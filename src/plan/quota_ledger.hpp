// The quota governor: how long to wait before so much may be moved, so that a provider's daily limit is never reached
// and never crossed. Pure and without a clock: the time comes in. One ledger for each account, whoever uses it.
#pragma once

#include "base/result.hpp"
#include "mail/server_pause.hpp"
#include "plan/quota_window.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::plan {

/// What an account may move in 24 hours, and how many connections it may have; 0: no limit.
struct QuotaLimits {
  std::uint64_t down = 0;
  std::uint64_t up = 0;
  unsigned connections = 0;
  bool operator==(const QuotaLimits&) const = default;
};

/// "gmail": 2,500 MB down, 500 MB up, 15 connections; "none". Nothing: there is no preset of that name.
[[nodiscard]] std::optional<QuotaLimits> quota_preset(std::string_view name);

/// Up to half of a limit nothing waits. Beyond, the pause before a move grows with its size and with what is used: the
/// rate falls smoothly, towards nothing at the limit, and finds its balance with what becomes free (at about 95 % of
/// the limit a day).
class QuotaLedger {
 public:
  explicit QuotaLedger(QuotaLimits limits = {}) : limits_(limits) {}

  /// The wait before so many octets may be moved; zero: now, and then record() is called in the same turn, before they
  /// are moved. After waiting, ask again: others may have moved meanwhile. Nothing: that is more than a whole day's
  /// limit, so never.
  [[nodiscard]] std::optional<std::chrono::milliseconds> delay(Direction direction, std::uint64_t octets,
                                                               QuotaTime now);
  void record(Direction direction, std::uint64_t octets, QuotaTime now);

  /// The server asked to be left alone; both directions wait. Pauses without a time double while they follow each
  /// other.
  void hold(const ServerPause& pause, QuotaTime now);
  /// Until when the server wants to be left alone; nothing: it does not.
  [[nodiscard]] std::optional<QuotaTime> held_until(QuotaTime now) const;

  /// When so many octets more will have been moved, if nothing else moves and the network is no limit.
  [[nodiscard]] QuotaTime forecast(Direction direction, std::uint64_t octets, QuotaTime now) const;

  /// What counts against the limit now.
  [[nodiscard]] std::uint64_t used(Direction direction, QuotaTime now) const { return window_.used(direction, now); }
  [[nodiscard]] std::uint64_t limit(Direction direction) const noexcept {
    return direction == Direction::down ? limits_.down : limits_.up;
  }
  [[nodiscard]] const QuotaLimits& limits() const noexcept { return limits_; }
  void set_limits(QuotaLimits limits) noexcept { limits_ = limits; }

  /// A short text to keep, without the limits; the same as long as nothing was moved. At most kMostText characters.
  [[nodiscard]] std::string to_text() const;
  /// Error{state_corrupt}: the text is none that to_text() writes.
  [[nodiscard]] static Result<QuotaLedger> parse(std::string_view text, QuotaLimits limits = {});
  static constexpr std::size_t kMostText = 8 * 1024;

 private:
  friend class QuotaText;
  struct Hold {
    QuotaTime since{};
    std::chrono::milliseconds length{0};
    int in_a_row = 0;
  };

  void observe(QuotaTime now);
  [[nodiscard]] std::chrono::milliseconds held_for(QuotaTime now) const;
  [[nodiscard]] QuotaTime due(Direction direction, std::uint64_t octets, QuotaTime now) const;
  [[nodiscard]] QuotaTime due_at_level(Direction direction, std::uint64_t octets, std::uint64_t used,
                                       QuotaTime earliest, QuotaTime now) const;

  QuotaLimits limits_;
  QuotaWindow window_;
  std::array<std::optional<QuotaTime>, 2> last_moved_{};
  std::optional<Hold> hold_;
};

}  // namespace mailferry::plan
