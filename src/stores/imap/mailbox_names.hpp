// How one IMAP account spells its mailboxes: separator, namespace prefix, and the exact wire name of each that was
// listed.
#pragma once

#include "imap/response/response.hpp"
#include "mail/mailbox_path.hpp"

#include <map>
#include <string>
#include <vector>

namespace mailferry::stores::imap {

/// "INBOX" in that spelling, whatever the server's (RFC 9051 §5.1); other names as they are.
[[nodiscard]] std::string canonical_name(const std::string& wire_name);

class MailboxNames {
 public:
  /// Takes over what NAMESPACE said (RFC 2342): the first personal prefix is added and removed.
  void set_namespaces(const mailferry::imap::NamespaceData& namespaces);
  void set_separator(char separator) { separator_ = separator; }
  [[nodiscard]] char separator() const noexcept { return separator_; }

  /// See ImapStore::use_server_names().
  void use_server_names() { server_names_ = true; }

  /// The path of a listed mailbox; remembers its wire name, so that even a name that is no valid modified UTF-7 can be
  /// opened. A foreign one takes no path that another mailbox has: learn those of the user first.
  MailboxPath learn(const std::string& wire_name, char separator);
  /// In another user's or a shared namespace. Of several namespaces the one with the longest prefix counts, compared in
  /// whole levels ("Public/" and "Public" hold "Public/x" and not "Publications"). INBOX is never foreign, nor is
  /// anything because of a prefix that is empty or INBOX itself: rather too much of the user's mail than too little.
  [[nodiscard]] bool is_foreign(std::string_view wire_name, char separator) const;
  /// Whether a mailbox of this path, listed or new, is_foreign().
  [[nodiscard]] bool leads_to_others(const MailboxPath& path) const;
  /// "INBOX.INBOX" with the prefix "INBOX.", a mailbox of its own (quirk m1) or only a level. Without the prefix it
  /// would be INBOX, so it is INBOX/INBOX unless "INBOX.INBOX.INBOX" is that: learn it after the others of the user.
  [[nodiscard]] bool is_second_inbox(std::string_view wire_name) const;
  /// The wire name of a path, listed or new. A component that holds the separator or is no UTF-8 is Error{usage,
  /// mailbox}.
  [[nodiscard]] Result<std::string> to_wire(const MailboxPath& path) const;

 private:
  using Namespaces = std::vector<mailferry::imap::NamespaceData::Entry>;  // prefixes without a separator at the end

  [[nodiscard]] std::string_view without_prefix(std::string_view wire_name) const;
  [[nodiscard]] MailboxPath free_path(MailboxPath wanted, const std::string& wire_name) const;

  char separator_ = '/';
  std::string prefix_;
  bool server_names_ = false;
  Namespaces personal_, foreign_;
  std::map<MailboxPath, std::string> wire_names_;
};

}  // namespace mailferry::stores::imap
