#include "services/bridge_monitor.hpp"

#include "base/log.hpp"

namespace mailferry::services {

void BridgeMonitor::trouble(const std::string& account, const Error& error) {
  const auto now = std::chrono::system_clock::now();
  auto& status = accounts_[account];
  status.last_error = error.describe();
  status.last_error_at = now;
  digest_.add(report::DigestLevel::warning, account, error.describe(), now);
  log::warning(error.describe(), {{"account", account}, {"remedy", error.remedy}});
}

void BridgeMonitor::recovered(const std::string& account) {
  log::info("works again", {{"account", account}});
}

void BridgeMonitor::went_down(const std::string& account, const Error& error, int attempts) {
  digest_.add(report::DigestLevel::error, account, "the destination is down: " + error.describe(),
              std::chrono::system_clock::now());
  log::error("the destination is down: " + error.describe(),
             {{"account", account}, {"attempts", attempts}, {"remedy", error.remedy}});
}

void BridgeMonitor::delivered(const std::string& account, const MailboxPath& to, std::uint64_t octets) {
  auto& status = accounts_[account];
  ++status.delivered;
  status.delivered_octets += octets;
  status.last_delivery = std::chrono::system_clock::now();
  digest_.count_delivered(account, 1, octets);
  if (log::is_enabled(log::Level::debug))
    log::debug("delivered", {{"account", account}, {"to", to.to_string()}, {"octets", octets}});
}

void BridgeMonitor::duplicate(const std::string& account, const MailboxPath& to) {
  ++accounts_[account].duplicates;
  digest_.count_duplicates(account, 1);
  if (log::is_enabled(log::Level::debug)) log::debug("there already", {{"account", account}, {"to", to.to_string()}});
}

void BridgeMonitor::parked(const std::string& account, const MailboxPath& from, Uid uid, const Error& error) {
  const auto now = std::chrono::system_clock::now();
  auto& status = accounts_[account];
  status.last_error = error.describe();
  status.last_error_at = now;
  digest_.add(report::DigestLevel::error, account, "parked: " + error.describe(), now);
  log::error("a message is parked: " + error.describe(),
             {{"account", account}, {"mailbox", from.to_string()}, {"uid", uid}, {"remedy", error.remedy}});
}

void BridgeMonitor::pruned(const std::string& account, const MailboxPath& from, std::uint64_t messages) {
  log::info("old messages that were delivered are removed from the source",
            {{"account", account}, {"mailbox", from.to_string()}, {"messages", messages}});
}

report::AccountStatus BridgeMonitor::status_of(const std::string& account) const {
  const auto found = accounts_.find(account);
  auto status = found == accounts_.end() ? report::AccountStatus{} : found->second;
  status.account = account;
  return status;
}

}  // namespace mailferry::services
