#include "stores/imap/mailbox_names.hpp"

#include "base/ascii.hpp"
#include "imap/syntax/mailbox_name.hpp"

#include <algorithm>

namespace mailferry::stores::imap {
namespace {

using Entry = mailferry::imap::NamespaceData::Entry;

Entry without_last_separator(Entry entry) {
  if (entry.separator != '\0' && entry.prefix.ends_with(entry.separator)) entry.prefix.pop_back();
  return entry;
}

/// How much of the name is the prefix of the namespace, in whole levels; nothing: the name is not in it.
std::optional<std::size_t> shared_levels(const Entry& space, std::string_view name, char separator) {
  if (space.prefix.empty()) return 0;
  if (!name.starts_with(space.prefix)) return std::nullopt;
  const auto rest = name.substr(space.prefix.size());
  const char border = space.separator == '\0' ? separator : space.separator;
  return rest.empty() || rest.front() == border ? std::optional(space.prefix.size()) : std::nullopt;
}

std::optional<std::size_t> longest(const std::vector<Entry>& spaces, std::string_view name, char separator) {
  std::optional<std::size_t> most;
  for (const auto& space : spaces)
    most = std::max(most, shared_levels(space, name, separator));
  return most;
}

}  // namespace

std::string canonical_name(const std::string& wire_name) {
  return equal_ascii_nocase(wire_name, "INBOX") ? "INBOX" : wire_name;
}

void MailboxNames::set_namespaces(const mailferry::imap::NamespaceData& namespaces) {
  if (!namespaces.personal.empty()) {
    prefix_ = namespaces.personal.front().prefix;
    if (namespaces.personal.front().separator != '\0') separator_ = namespaces.personal.front().separator;
  }
  personal_.clear();
  foreign_.clear();
  for (const auto& entry : namespaces.personal)
    personal_.push_back(without_last_separator(entry));
  for (const auto* group : {&namespaces.other_users, &namespaces.shared}) {
    for (const auto& entry : *group) {
      auto space = without_last_separator(entry);
      if (!space.prefix.empty() && canonical_name(space.prefix) != "INBOX") foreign_.push_back(std::move(space));
    }
  }
}

bool MailboxNames::is_foreign(std::string_view wire_name, char separator) const {
  return longest(foreign_, wire_name, separator) > longest(personal_, wire_name, separator);
}

bool MailboxNames::leads_to_others(const MailboxPath& path) const {
  const auto wire = to_wire(path);
  return wire && is_foreign(*wire, separator_);
}

std::string_view MailboxNames::without_prefix(std::string_view wire_name) const {
  const bool has_prefix = !prefix_.empty() && wire_name.starts_with(prefix_) && wire_name.size() > prefix_.size();
  return wire_name.substr(has_prefix ? prefix_.size() : 0);
}

bool MailboxNames::is_second_inbox(std::string_view wire_name) const {
  return !equal_ascii_nocase(wire_name, "INBOX") && equal_ascii_nocase(without_prefix(wire_name), "INBOX");
}

MailboxPath MailboxNames::learn(const std::string& wire_name, char separator) {
  const bool foreign = is_foreign(wire_name, separator);
  const auto name = foreign ? std::string_view(wire_name) : without_prefix(wire_name);
  const auto split = [separator](std::string_view wire) {
    auto decoded = mailferry::imap::decode_mutf7(wire);
    return MailboxPath::split(decoded ? *decoded : mailferry::imap::display_name(wire), separator);
  };
  auto path = split(name);
  const bool second_inbox = is_second_inbox(wire_name);
  if (second_inbox) path = split(wire_name);
  // INBOX in any case is one name at the begin of a path, and on servers with the prefix "INBOX." not below it.
  const bool below_inbox = path.components().size() > 1 && path.components().front() == "INBOX";
  if (foreign || second_inbox || below_inbox) path = free_path(std::move(path), wire_name);
  wire_names_.insert_or_assign(path, wire_name);
  return path;
}

/// With the prefix "INBOX." of the user's own mailboxes, "INBOX.shared.x" and "shared.x" would both be shared/x.
MailboxPath MailboxNames::free_path(MailboxPath wanted, const std::string& wire_name) const {
  const auto is_taken = [&](const MailboxPath& path) {
    const auto known = wire_names_.find(path);
    return known != wire_names_.end() && known->second != wire_name;
  };
  auto path = wanted;
  for (int number = 2; is_taken(path); ++number) {
    auto components = wanted.components();
    components.front() += fmt::format("-{}", number);
    path = MailboxPath(std::move(components));
  }
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
          "give it another name with --map, or as `to` of a bridge");
  }
  TRY(const auto encoded, mailferry::imap::encode_mutf7(path.join(separator_)));
  return prefix_ + encoded;
}

}  // namespace mailferry::stores::imap
