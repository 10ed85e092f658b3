// Keeps what an account moves in a day below its provider's limit: those who carry ask here first.
#pragma once

#include "async/notifier.hpp"
#include "plan/quota_ledger.hpp"

namespace mailferry::sync {

class QuotaGate {
 public:
  explicit QuotaGate(asio::io_context& context) : woken_(context) {}

  [[nodiscard]] plan::QuotaLedger& ledger() noexcept { return ledger_; }
  [[nodiscard]] bool is_limited() const noexcept { return ledger_.limits().down != 0 || ledger_.limits().up != 0; }
  /// How long to wait before so many octets may be moved; zero: now, and then record() is called in the same turn.
  /// Error{quota, message}: more than a day's limit.
  Result<std::chrono::milliseconds> delay(plan::Direction direction, std::uint64_t octets);
  /// So many are more than a day's limit.
  [[nodiscard]] bool is_over_limit(plan::Direction direction, std::uint64_t octets) const noexcept {
    return ledger_.limit(direction) != 0 && octets > ledger_.limit(direction);
  }
  void record(plan::Direction direction, std::uint64_t octets);
  /// Waits for so long, at most a while: others move meanwhile, and clocks are set.
  Task<> wait(std::chrono::milliseconds pause);
  /// The server asked for a pause in its words.
  void heed(const std::string& text);
  void wake() noexcept { woken_.notify_all(); }
  /// Until when somebody who asked has to wait; nothing: nobody does.
  [[nodiscard]] std::optional<plan::QuotaTime> waits_until() const noexcept;

 private:
  async::Notifier woken_;
  plan::QuotaLedger ledger_;
  std::optional<plan::QuotaTime> waits_until_;
};

}  // namespace mailferry::sync
