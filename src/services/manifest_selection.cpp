#include "services/manifest_selection.hpp"

#include "base/utf8.hpp"

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

Result<ManifestSelection> ManifestSelection::make(const plan::MappingRules& rules, plan::NamingLimits limits) {
  for (const auto& pattern : rules.include)
    CHECK_OK(refuse_special_use(pattern));
  for (const auto& pattern : rules.exclude)
    CHECK_OK(refuse_special_use(pattern));
  for (const auto& rule : rules.map)
    CHECK_OK(refuse_special_use(rule.from));
  return ManifestSelection(rules, std::move(limits));
}

std::string ManifestSelection::reason_to_skip(const MailboxPath& source) {
  bool is_included = rules_->include.empty();
  for (std::size_t index = 0; index < rules_->include.size(); ++index) {
    if (!rules_->include[index].matches(source, SpecialUse::none)) continue;
    matched_.insert(index);
    is_included = true;
  }
  if (any_matches(rules_->exclude, source)) return "an --exclude matches it";
  return is_included ? "" : "no --mailbox matches it";
}

std::vector<std::string> ManifestSelection::unmatched() const {
  std::vector<std::string> unmatched;
  for (std::size_t index = 0; index < rules_->include.size(); ++index) {
    if (!matched_.contains(index))
      unmatched.push_back("--mailbox " + sanitize_for_terminal(rules_->include[index].text()));
  }
  return unmatched;
}

MailboxPath ManifestSelection::destination(const MailboxPath& source, const MailboxPath& recorded) const {
  for (const auto& rule : rules_->map) {
    if (const auto captures = rule.from.capture(source, SpecialUse::none)) return names_.adapt(rule.to.fill(*captures));
  }
  return recorded;
}

Result<> ManifestSelection::check(bool any_left) const {
  if (any_left || (rules_->include.empty() && rules_->exclude.empty())) return {};
  return fail(ErrorKind::usage, Scope::run, "no mailbox of the manifest is left by --mailbox and --exclude",
              "its second column has the names");
}

}  // namespace mailferry::services
