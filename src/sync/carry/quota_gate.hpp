// Keeps what an account moves in a day below its provider's limit: those who carry pass here first.
#pragma once

#include "async/notifier.hpp"
#include "plan/quota_ledger.hpp"

namespace mailferry::sync {

class QuotaGate {
 public:
  /// `stopping` is looked at after each wait.
  QuotaGate(asio::io_context& context, const bool& stopping) : stopping_(stopping), woken_(context) {}

  [[nodiscard]] plan::QuotaLedger& ledger() noexcept { return ledger_; }
  [[nodiscard]] bool is_limited() const noexcept { return ledger_.limits().down != 0 || ledger_.limits().up != 0; }
  /// Waits until so many octets may be moved, and counts them. Error{quota, message}: more than a day's limit;
  /// Error{cancelled}: the carriers stop.
  Task<> pass(plan::Direction direction, std::uint64_t octets);
  /// The server asked for a pause in its words.
  void heed(const std::string& text);
  void wake() noexcept { woken_.notify_all(); }
  /// Until when somebody waits here; nothing: nobody does.
  [[nodiscard]] std::optional<plan::QuotaTime> waits_until() const noexcept { return waits_until_; }

 private:
  const bool& stopping_;
  async::Notifier woken_;
  plan::QuotaLedger ledger_;
  std::optional<plan::QuotaTime> waits_until_;
};

}  // namespace mailferry::sync
