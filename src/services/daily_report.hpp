// The daily work of a bridge: its mail to the owner, and another try for what is parked.
#pragma once

#include "report/bridge_status.hpp"
#include "report/daily_digest.hpp"
#include "services/bridge_monitor.hpp"
#include "sync/carry/carry_context.hpp"

#include <functional>
#include <optional>

namespace mailferry::services {

class DailyReport {
 public:
  /// `mailbox`: where the mail goes; empty: there is none, and only `retry` is called each day. All must outlive it.
  DailyReport(sync::CarryContext& context, BridgeMonitor& monitor, MailboxPath mailbox, int hour,
              std::string recipient);

  /// Before run(): the status that the mail tells, and what tries the parked messages again.
  std::function<report::BridgeStatus()> status;
  std::function<void()> retry;

  /// Until the carriers stop.
  Task<> run();
  void wake() noexcept { woken_.notify_all(); }
  [[nodiscard]] std::optional<report::WallTime> next() const noexcept { return due_; }

  /// What is kept until the mail has arrived, over restarts.
  [[nodiscard]] std::string to_text() const;
  void restore(const std::string& text);

 private:
  void take_time(report::WallTime now);
  void retry_once_a_day();
  Task<> deliver();
  Task<> append(const std::string& message, const std::string& message_id);
  Task<> try_append(const std::string& message, const std::string& message_id);
  Task<> bring(store::Session& session, const std::string& message, const std::string& message_id);

  sync::CarryContext& context_;
  BridgeMonitor& monitor_;
  MailboxPath mailbox_;
  int hour_;
  std::string recipient_;
  async::Notifier woken_;
  std::optional<report::WallTime> due_;
  std::optional<report::WallTime> retried_until_;  // not again before
  /// The mail that is under way, until it has arrived: another one would arrive besides.
  struct Composed {
    report::Digest mail;
    report::DigestLog told;
    report::WallTime at;
  };
  std::optional<Composed> composed_;
};

}  // namespace mailferry::services
