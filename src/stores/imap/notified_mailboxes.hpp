// The mailboxes that one NOTIFY SET names (RFC 5465), and which of them the STATUS answers say have changed. No I/O.
#pragma once

#include "imap/response/response.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace mailferry::stores::imap {

/// What a session knows of NOTIFY from one wait to the next.
struct NotifyMemory {
  enum class Names { untried, wire, utf8 };
  /// What the last STATUS of a mailbox said.
  struct Told {
    UidValidity uid_validity = 0;
    Uid uid_next = 0;
    ModSeq highest_modseq = 0;
  };
  Names names = Names::untried;        // how this server wants mailboxes to be named in NOTIFY (quirk o31)
  std::map<std::string, Told> told{};  // by wire name
  std::set<std::string> silent{};      // wire names that it does not tell of; said once
  bool was_refused = false;            // the open mailbox could not be opened the last time
};

class NotifiedMailboxes {
 public:
  /// `watched[0]` is the open mailbox, which tells of itself; it and what has no wire name are not taken. All must
  /// outlive this.
  NotifiedMailboxes(const std::vector<store::Watched>& watched, const MailboxNames& names, NotifyMemory& memory);

  /// To be named in the command. Empty: there is nothing to ask for.
  [[nodiscard]] std::vector<std::string> names(NotifyMemory::Names spelling) const;
  /// Whether a name that has not been told of is spelled differently in UTF-8.
  [[nodiscard]] bool may_want_utf8() const;
  /// What counts as told is counted anew from here on.
  void begin_answer();
  [[nodiscard]] std::size_t told() const;
  /// Wire names of those that were not.
  [[nodiscard]] std::vector<std::string> silent() const;
  /// "MessageNew MessageExpunge", with FlagChange where somebody asks for flags.
  [[nodiscard]] std::string_view events() const noexcept;

  /// True: the mailbox is not as its owner last saw it, and this has not been said before. A server whose STATUS never
  /// agrees with what is found in the mailbox makes for one look too many, not for an endless row of them.
  bool take(const mailferry::imap::StatusData& status);
  /// The open mailbox is not as it was, or told of something.
  void take_open() { news_.insert(0); }
  /// Indices of the mailboxes that are to be looked at.
  [[nodiscard]] std::vector<std::size_t> news() const { return {news_.begin(), news_.end()}; }

 private:
  struct Mailbox {
    std::size_t index = 0;
    std::string wire;
    std::string utf8;
    bool told = false;
  };
  [[nodiscard]] Mailbox* find(const std::string& name);

  const std::vector<store::Watched>& watched_;
  NotifyMemory& memory_;
  std::vector<Mailbox> mailboxes_;
  std::vector<std::string> left_out_;  // wire names for which there was no room
  std::set<std::size_t> news_;
};

}  // namespace mailferry::stores::imap
