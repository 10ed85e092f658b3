// How mailboxes of the source are called on the destination when no rule and no special use says otherwise: the same,
// except where the destination cannot have such a name.
#pragma once

#include "mail/mailbox_path.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::plan {

/// What the destination allows in names.
struct NamingLimits {
  /// '\0': no levels.
  char separator = '/';
  /// Octets that cannot be part of a name, besides the separator and control characters.
  std::string forbidden{};
  /// Whether a new mailbox of this name would be another user's, or shared. Empty: none would.
  std::function<bool(const MailboxPath&)> is_of_others{};
  /// Names that differ only in the case of ASCII letters are one mailbox.
  bool caseless = false;
};

/// Each octet that cannot be in a component becomes '_' (or '-' where '_' is the separator); an empty component becomes
/// "_".
[[nodiscard]] std::string to_allowed_component(std::string_view component, const NamingLimits& limits);

/// A translation of a whole tree of names. It is stable (it depends on the source's names only, so every run gives the
/// same) and reversible: no two names become one. Where "v1.2" and "v1_2" stand side by side and '.' is not allowed,
/// the former becomes "v1_2-2". On a destination without levels, "a/b" becomes "a_b"; on one without case, "work"
/// beside "Work" becomes "work-2".
class NameTranslation {
 public:
  /// `paths` are all mailboxes of the source, also those that are not copied.
  NameTranslation(std::span<const MailboxPath> paths, NamingLimits limits);

  [[nodiscard]] MailboxPath translate(const MailboxPath& path) const;
  /// For a name that a rule gave, which is not part of the tree: only octets are replaced.
  [[nodiscard]] MailboxPath adapt(const MailboxPath& path) const;

 private:
  [[nodiscard]] MailboxPath flattened(const MailboxPath& path) const;
  [[nodiscard]] std::string wanted_leaf(const MailboxPath& path) const;
  [[nodiscard]] std::string told_apart(const std::string& name) const;

  NamingLimits limits_;
  std::map<MailboxPath, std::string> leaves_;  // source path → last component on the destination
};

}  // namespace mailferry::plan
