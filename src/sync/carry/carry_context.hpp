// What the carriers of one destination share. Lives on the network thread.
#pragma once

#include "sync/carry/carry_journal.hpp"
#include "sync/carry/carry_settings.hpp"
#include "sync/carry/destination_mailbox.hpp"
#include "sync/carry/lanes.hpp"
#include "sync/carry/quota_gate.hpp"

#include <map>
#include <memory>

namespace mailferry::sync {

/// A message that has arrived.
struct Delivery {
  const MailboxPath& from;
  const MailboxPath& to;
  Uid uid = 0;  // on the source
  const std::string& message_id;
  std::uint64_t octets = 0;
};

/// Hears of what happens, for logs, reports and status. Called on the network thread; must not wait.
class CarryObserver {
 public:
  virtual ~CarryObserver() = default;
  /// `account`: the source's name, or the destination's.
  virtual void trouble(const std::string& account, const Error& error) = 0;
  /// For the first time since the start or a failure; `watching`: how news of its mailboxes come, empty: the
  /// destination.
  virtual void connected(const std::string& account, std::size_t mailboxes, const std::string& watching) = 0;
  virtual void recovered(const std::string& account) = 0;
  /// The destination: so many attempts in a row failed, or it will not work before somebody does something.
  virtual void went_down(const std::string& account, const Error& error, int attempts) = 0;
  virtual void delivered(const std::string& account, const Delivery& delivery) = 0;
  /// The same message; the destination refused it with these keywords. `first`: of its mailbox since the start.
  virtual void left_keywords(const std::string& account, const Delivery& delivery, const Flags& keywords,
                             bool first) = 0;
  /// The message was on the destination already.
  virtual void duplicate(const std::string& account, const MailboxPath& to) = 0;
  virtual void parked(const std::string& account, const MailboxPath& from, Uid uid, const Error& error) = 0;
  virtual void pruned(const std::string& account, const MailboxPath& from, std::uint64_t messages) = 0;
};

struct CarryContext final : Lanes::Listener {
  asio::io_context& io;
  store::Store& destination;
  CarryJournal& journal;
  const CarrySettings& settings;
  CarryObserver& observer;
  bool stopping = false;
  QuotaGate upload;  // of the destination
  Lanes lanes;
  std::map<MailboxPath, std::unique_ptr<DestinationMailbox>> mailboxes;
  /// Longest wait for the answer to an append so far.
  std::chrono::milliseconds slowest_append{0};
  /// The destination took a message without its long keywords that it had refused with them.
  bool refuses_long_keywords = false;

  CarryContext(asio::io_context& context, store::Store& to, CarryJournal& writer, const CarrySettings& wanted,
               CarryObserver& watcher)
      : io(context),
        destination(to),
        journal(writer),
        settings(wanted),
        observer(watcher),
        upload(context),
        lanes(context, to, wanted, *this) {}

  void connected() override { observer.connected(destination.name(), 0, {}); }
  void sign_in_failed(const Error& error) override { observer.trouble(destination.name(), error); }
  void went_down(const Error& error, int attempts) override { observer.went_down(destination.name(), error, attempts); }
  void came_back() override { observer.recovered(destination.name()); }

  /// The one object for that mailbox.
  DestinationMailbox& mailbox(const MailboxPath& path) {
    auto& found = mailboxes[path];
    if (!found) found = std::make_unique<DestinationMailbox>(path, settings, io);
    return *found;
  }
};

}  // namespace mailferry::sync
