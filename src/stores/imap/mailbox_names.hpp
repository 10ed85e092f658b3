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
  /// Takes over what NAMESPACE said (RFC 2342): the personal prefix is added and removed, others are foreign.
  void set_namespaces(const mailferry::imap::NamespaceData& namespaces);
  void set_separator(char separator) { separator_ = separator; }
  [[nodiscard]] char separator() const noexcept { return separator_; }

  /// See ImapStore::use_server_names().
  void use_server_names() { server_names_ = true; }

  /// The path of a listed mailbox; remembers its wire name, so that even a name that is no valid modified UTF-7 can be
  /// opened.
  MailboxPath learn(const std::string& wire_name, char separator);
  /// In another user's or a shared namespace.
  [[nodiscard]] bool is_foreign(const std::string& wire_name) const;
  /// The wire name of a path, listed or new. A component that holds the separator or is no UTF-8 is Error{usage,
  /// mailbox}.
  [[nodiscard]] Result<std::string> to_wire(const MailboxPath& path) const;

 private:
  char separator_ = '/';
  std::string prefix_;
  bool server_names_ = false;
  std::vector<std::string> foreign_prefixes_;
  std::map<MailboxPath, std::string> wire_names_;
};

}  // namespace mailferry::stores::imap
