// --mailbox, --exclude and --map for the mailboxes of a manifest, by the names that they had on the source.
#pragma once

#include "plan/mailbox_naming.hpp"
#include "plan/mailbox_pattern.hpp"

#include <set>
#include <string>
#include <vector>

namespace mailferry::services {

class ManifestSelection {
 public:
  /// `rules` must outlive it. Error{usage}: a rule names a special use, of which a manifest knows nothing.
  [[nodiscard]] static Result<ManifestSelection> make(const plan::MappingRules& rules, plan::NamingLimits limits);

  /// Why the mailbox is not looked at; empty: it is.
  [[nodiscard]] std::string reason_to_skip(const MailboxPath& source);
  /// The --mailbox of the rules that matched none of the mailboxes asked about so far.
  [[nodiscard]] std::vector<std::string> unmatched() const;
  /// Where --map says, with what the destination cannot have replaced as a copy does; else `recorded`.
  [[nodiscard]] MailboxPath destination(const MailboxPath& source, const MailboxPath& recorded) const;
  /// Error{usage} where the rules left nothing to look at.
  [[nodiscard]] Result<> check(bool any_left) const;

 private:
  ManifestSelection(const plan::MappingRules& rules, plan::NamingLimits limits)
      : rules_(&rules), names_({}, std::move(limits)) {}
  const plan::MappingRules* rules_;
  plan::NameTranslation names_;
  std::set<std::size_t> matched_;  // of the rules' --mailbox
};

}  // namespace mailferry::services
