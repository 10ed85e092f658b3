// --mailbox, --exclude and --map for the mailboxes of a manifest, by the names that they had on the source.
#pragma once

#include "plan/mailbox_pattern.hpp"

#include <string>

namespace mailferry::services {

class ManifestSelection {
 public:
  /// `rules` must outlive it. Error{usage}: a rule names a special use, of which a manifest knows nothing.
  [[nodiscard]] static Result<ManifestSelection> make(const plan::MappingRules& rules);

  /// Why the mailbox is not looked at; empty: it is.
  [[nodiscard]] std::string reason_to_skip(const MailboxPath& source) const;
  /// Where --map says, else `recorded`.
  [[nodiscard]] MailboxPath destination(const MailboxPath& source, const MailboxPath& recorded) const;
  /// Error{usage} where the rules left nothing to look at.
  [[nodiscard]] Result<> check(bool any_left) const;

 private:
  explicit ManifestSelection(const plan::MappingRules& rules) : rules_(&rules) {}
  const plan::MappingRules* rules_;
};

}  // namespace mailferry::services
