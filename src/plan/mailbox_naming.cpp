#include "plan/mailbox_naming.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace mailferry::plan {
namespace {

/// The first that the destination allows is used.
constexpr std::string_view kReplacements = "_-~x";
/// Between levels while a path is one component for a destination without levels; replaced like any control character.
constexpr char kFlatLevel = '\0';

bool is_allowed(char c, const NamingLimits& limits) {
  const bool control = static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  return !control && (limits.separator == '\0' || c != limits.separator) &&
         limits.forbidden.find(c) == std::string::npos;
}

char replacement(const NamingLimits& limits) {
  const auto allowed =
      std::find_if(kReplacements.begin(), kReplacements.end(), [&](char c) { return is_allowed(c, limits); });
  return allowed == kReplacements.end() ? 'x' : *allowed;
}

}  // namespace

std::string to_allowed_component(std::string_view component, const NamingLimits& limits) {
  if (component.empty()) return std::string(1, replacement(limits));
  std::string allowed(component);
  std::replace_if(
      allowed.begin(), allowed.end(), [&](char c) { return !is_allowed(c, limits); }, replacement(limits));
  return allowed;
}

NameTranslation::NameTranslation(std::span<const MailboxPath> paths, NamingLimits limits) : limits_(std::move(limits)) {
  std::set<MailboxPath> tree;
  for (const MailboxPath& path : paths) {
    for (MailboxPath node = flattened(path); !node.empty(); node = node.parent())
      tree.insert(node);
  }
  std::map<MailboxPath, std::set<std::string>> taken;  // parent → names given below it
  std::vector<const MailboxPath*> altered;
  for (const MailboxPath& node : tree) {
    if (wanted_leaf(node) == node.leaf() && taken[node.parent()].insert(told_apart(node.leaf())).second) {
      leaves_[node] = node.leaf();
    } else {
      altered.push_back(&node);
    }
  }
  // Names that can stay have been given first, so that only altered ones get a suffix.
  const char dash = is_allowed('-', limits_) ? '-' : replacement(limits_);
  for (const MailboxPath* node : altered) {
    std::set<std::string>& siblings = taken[node->parent()];
    const std::string wanted = wanted_leaf(*node);
    std::string name = wanted;
    for (int number = 2; !siblings.insert(told_apart(name)).second; ++number)
      name = fmt::format("{}{}{}", wanted, dash, number);
    leaves_[*node] = name;
  }
}

MailboxPath NameTranslation::translate(const MailboxPath& path) const {
  std::vector<std::string> components;
  for (MailboxPath node = flattened(path); !node.empty(); node = node.parent()) {
    const auto known = leaves_.find(node);
    components.push_back(known != leaves_.end() ? known->second : wanted_leaf(node));
  }
  std::reverse(components.begin(), components.end());
  return MailboxPath(std::move(components));
}

MailboxPath NameTranslation::adapt(const MailboxPath& path) const {
  std::vector<std::string> components = flattened(path).components();
  for (std::string& component : components)
    component = to_allowed_component(component, limits_);
  return MailboxPath(std::move(components));
}

MailboxPath NameTranslation::flattened(const MailboxPath& path) const {
  if (limits_.separator != '\0' || path.components().size() < 2) return path;
  return MailboxPath({path.join(kFlatLevel)});
}

/// By what two names are told apart.
std::string NameTranslation::told_apart(const std::string& name) const {
  return limits_.caseless ? to_lower_ascii(name) : name;
}

std::string NameTranslation::wanted_leaf(const MailboxPath& path) const {
  return to_allowed_component(path.leaf(), limits_);
}

}  // namespace mailferry::plan
