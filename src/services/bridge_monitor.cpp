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

void BridgeMonitor::connected(const std::string& account, std::size_t mailboxes, const std::string& watching) {
  if (watching.empty()) return log::info("destination connected", {{"account", account}});
  log::info("source connected", {{"account", account}, {"mailboxes", mailboxes}, {"watching", watching}});
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

void BridgeMonitor::delivered(const std::string& account, const sync::Delivery& delivery) {
  auto& status = accounts_[account];
  ++status.delivered;
  status.delivered_octets += delivery.octets;
  status.last_delivery = std::chrono::system_clock::now();
  digest_.count_delivered(account, 1, delivery.octets);
  if (log::is_enabled(log::Level::debug))
    log::debug("delivered", {{"account", account},
                             {"from", delivery.from.to_string()},
                             {"uid", delivery.uid},
                             {"message_id", delivery.message_id},
                             {"to", delivery.to.to_string()},
                             {"octets", delivery.octets}});
}

/// A label of a mapping may be refused with each message: one line tells it, and the daily report has one event.
void BridgeMonitor::left_keywords(const std::string& account, const sync::Delivery& delivery, const Flags& keywords,
                                  bool first) {
  constexpr const char* kText = "the destination refuses keywords: messages arrive without them";
  digest_.add(report::DigestLevel::warning, account,
              fmt::format("{} does not take some keywords: messages arrived without them", delivery.to.to_string()),
              std::chrono::system_clock::now());
  const auto level = first ? log::Level::warning : log::Level::debug;
  if (!log::is_enabled(level)) return;
  log::write(level, kText,
             {{"account", account},
              {"from", delivery.from.to_string()},
              {"uid", delivery.uid},
              {"to", delivery.to.to_string()},
              {"keywords", keywords.to_string()}});
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
