// What a bridge remembers of itself to tell people: the log, the status, and what the daily mail will say.
#pragma once

#include "report/bridge_status.hpp"
#include "report/digest_log.hpp"
#include "sync/carry/carry_context.hpp"

#include <map>
#include <string>

namespace mailferry::services {

class BridgeMonitor final : public sync::CarryObserver {
 public:
  BridgeMonitor() : digest_(std::chrono::system_clock::now()) {}

  void trouble(const std::string& account, const Error& error) override;
  void connected(const std::string& account, std::size_t mailboxes, const std::string& watching) override;
  void recovered(const std::string& account) override;
  void went_down(const std::string& account, const Error& error, int attempts) override;
  void delivered(const std::string& account, const sync::Delivery& delivery) override;
  void left_keywords(const std::string& account, const sync::Delivery& delivery, const Flags& keywords,
                     bool first) override;
  void duplicate(const std::string& account, const MailboxPath& to) override;
  void parked(const std::string& account, const MailboxPath& from, Uid uid, const Error& error) override;
  void pruned(const std::string& account, const MailboxPath& from, std::uint64_t messages) override;

  /// What is counted of an account; the caller adds what it knows better.
  [[nodiscard]] report::AccountStatus status_of(const std::string& account) const;
  [[nodiscard]] report::DigestLog& digest() noexcept { return digest_; }

 private:
  report::DigestLog digest_;
  std::map<std::string, report::AccountStatus> accounts_;
};

}  // namespace mailferry::services
