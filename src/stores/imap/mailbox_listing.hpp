// What the answers to NAMESPACE, LIST, LSUB and STATUS add up to. Wire names are canonical (quirk m1).
#pragma once

#include "imap/response/response.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mailferry::stores::imap {

[[nodiscard]] store::MailboxStatus to_status(const mailferry::imap::StatusData& data);

class MailboxListing {
 public:
  struct Limits {
    /// A million mailboxes, each listed, subscribed to and with a status.
    std::size_t answers = 3'000'000;
    /// In their names and attributes.
    std::size_t octets = 64U << 20;
  };

  /// `names` must outlive it, and learns what the server says.
  explicit MailboxListing(MailboxNames& names) : MailboxListing(names, Limits{}) {}
  MailboxListing(MailboxNames& names, Limits limits) : names_(names), limits_(limits) {}

  void take(mailferry::imap::UntaggedData& data);
  /// More than the limits allow was told, and is not kept.
  [[nodiscard]] bool is_too_long() const noexcept { return answers_ > limits_.answers || octets_ > limits_.octets; }

  [[nodiscard]] bool has_inbox() const { return listed_.contains("INBOX"); }
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }
  void set_unreadable(std::uint64_t unreadable) noexcept { unreadable_ = unreadable; }

  /// All, those of the user first.
  [[nodiscard]] std::vector<store::MailboxInfo> mailboxes();
  /// INBOX as it is where it was not listed.
  [[nodiscard]] store::MailboxInfo unlisted_inbox() const;

 private:
  void take_list(mailferry::imap::ListData& list);
  void take_status(const mailferry::imap::StatusData& status);
  void take_subscription(const mailferry::imap::ListData& list);
  [[nodiscard]] bool is_foreign(const mailferry::imap::ListData& data) const;
  [[nodiscard]] int turn_of(const mailferry::imap::ListData& data) const;
  [[nodiscard]] store::MailboxInfo info(const mailferry::imap::ListData& data) const;
  [[nodiscard]] char separator_of(const mailferry::imap::ListData& data) const;

  MailboxNames& names_;
  Limits limits_;
  std::vector<mailferry::imap::ListData> mailboxes_;
  std::set<std::string> listed_;
  std::set<std::string> subscribed_;
  std::map<std::string, store::MailboxStatus> statuses_;
  std::uint64_t unreadable_ = 0;
  std::size_t answers_ = 0;
  std::size_t octets_ = 0;
};

}  // namespace mailferry::stores::imap
