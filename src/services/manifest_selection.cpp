#include "services/manifest_selection.hpp"

#include <algorithm>

namespace mailferry::services {
namespace {

using plan::MailboxPattern;

bool any_matches(const std::vector<MailboxPattern>& patterns, const MailboxPath& path) {
  return std::ranges::any_of(patterns,
                             [&](const MailboxPattern& pattern) { return pattern.matches(path, SpecialUse::none); });
}

Result<> refuse_special_use(const MailboxPattern& pattern) {
  if (!pattern.is_special_use()) return {};
  return fail(ErrorKind::usage, Scope::run, fmt::format("a manifest does not tell which mailbox is {}", pattern.text()),
              "name the mailbox");
}

}  // namespace

Result<ManifestSelection> ManifestSelection::make(const plan::MappingRules& rules) {
  for (const auto& pattern : rules.include)
    CHECK_OK(refuse_special_use(pattern));
  for (const auto& pattern : rules.exclude)
    CHECK_OK(refuse_special_use(pattern));
  for (const auto& rule : rules.map)
    CHECK_OK(refuse_special_use(rule.from));
  return ManifestSelection(rules);
}

std::string ManifestSelection::reason_to_skip(const MailboxPath& source) const {
  if (any_matches(rules_->exclude, source)) return "an --exclude matches it";
  if (!rules_->include.empty() && !any_matches(rules_->include, source)) return "no --mailbox matches it";
  return {};
}

MailboxPath ManifestSelection::destination(const MailboxPath& source, const MailboxPath& recorded) const {
  for (const auto& rule : rules_->map) {
    if (const auto captures = rule.from.capture(source, SpecialUse::none)) return rule.to.fill(*captures);
  }
  return recorded;
}

Result<> ManifestSelection::check(bool any_left) const {
  if (any_left || (rules_->include.empty() && rules_->exclude.empty())) return {};
  return fail(ErrorKind::usage, Scope::run, "no mailbox of the manifest is left by --mailbox and --exclude",
              "its second column has the names");
}

}  // namespace mailferry::services
