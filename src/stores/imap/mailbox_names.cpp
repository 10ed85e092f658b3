#include "stores/imap/mailbox_names.hpp"

#include "base/ascii.hpp"
#include "imap/syntax/mailbox_name.hpp"

namespace mailferry::stores::imap {

std::string canonical_name(const std::string& wire_name) {
  return equal_ascii_nocase(wire_name, "INBOX") ? "INBOX" : wire_name;
}

void MailboxNames::set_namespaces(const mailferry::imap::NamespaceData& namespaces) {
  if (!namespaces.personal.empty()) {
    prefix_ = namespaces.personal.front().prefix;
    if (namespaces.personal.front().separator != '\0') separator_ = namespaces.personal.front().separator;
  }
  for (const auto* group : {&namespaces.other_users, &namespaces.shared}) {
    for (const auto& entry : *group) {
      if (!entry.prefix.empty()) foreign_prefixes_.push_back(entry.prefix);
    }
  }
}

bool MailboxNames::is_foreign(const std::string& wire_name) const {
  return std::ranges::any_of(foreign_prefixes_,
                             [&](const std::string& prefix) { return wire_name.starts_with(prefix); });
}

MailboxPath MailboxNames::learn(const std::string& wire_name, char separator) {
  std::string_view name = wire_name;
  if (!prefix_.empty() && name.starts_with(prefix_) && name.size() > prefix_.size()) name.remove_prefix(prefix_.size());
  const auto split = [separator](std::string_view wire) {
    auto decoded = mailferry::imap::decode_mutf7(wire);
    return MailboxPath::split(decoded ? *decoded : mailferry::imap::display_name(wire), separator);
  };
  auto path = split(name);
  // "INBOX.INBOX" with the prefix "INBOX." is a mailbox of its own (quirk m1).
  if (path.is_inbox() && canonical_name(wire_name) != "INBOX") path = split(wire_name);
  wire_names_.insert_or_assign(path, wire_name);
  return path;
}

Result<std::string> MailboxNames::to_wire(const MailboxPath& path) const {
  if (path.is_inbox()) return "INBOX";
  if (server_names_ && path.components().size() == 1) return mailferry::imap::encode_mutf7(path.leaf());
  if (const auto known = wire_names_.find(path); known != wire_names_.end()) {
    // RFC 9051 §4.3: no literal holds NUL either.
    if (!known->second.contains('\0')) return known->second;
    return fail(ErrorKind::usage, Scope::mailbox,
                fmt::format("the server told a mailbox name with a NUL octet, \"{}\"; it cannot be asked for",
                            path.to_string()),
                "leave it out with --exclude");
  }
  for (const auto& component : path.components()) {
    if (component.find(separator_) != std::string::npos)
      return fail(
          ErrorKind::usage, Scope::mailbox,
          fmt::format("the mailbox name \"{}\" holds the server's separator '{}'", path.to_string(), separator_),
          "give it another name with --map");
  }
  TRY(const auto encoded, mailferry::imap::encode_mutf7(path.join(separator_)));
  return prefix_ + encoded;
}

}  // namespace mailferry::stores::imap
