#include "mail/mailbox_path.hpp"

#include "base/ascii.hpp"

#include <array>
#include <utility>

namespace mailferry {
namespace {

struct NamedUse {
  std::string_view attribute;
  SpecialUse use;
};

/// The first name of a use is the one that is written; the others come from servers with XLIST, its forerunner.
constexpr std::array<NamedUse, 12> kSpecialUses = {{{"\\All", SpecialUse::all},
                                                    {"\\Archive", SpecialUse::archive},
                                                    {"\\Drafts", SpecialUse::drafts},
                                                    {"\\Flagged", SpecialUse::flagged},
                                                    {"\\Important", SpecialUse::important},
                                                    {"\\Junk", SpecialUse::junk},
                                                    {"\\Sent", SpecialUse::sent},
                                                    {"\\Trash", SpecialUse::trash},
                                                    {"\\Inbox", SpecialUse::inbox},
                                                    {"\\AllMail", SpecialUse::all},
                                                    {"\\Starred", SpecialUse::flagged},
                                                    {"\\Spam", SpecialUse::junk}}};

}  // namespace

MailboxPath::MailboxPath(std::vector<std::string> components) : components_(std::move(components)) {
  if (!components_.empty() && equal_ascii_nocase(components_.front(), "INBOX")) components_.front() = "INBOX";
}

MailboxPath MailboxPath::split(std::string_view name, char separator) {
  if (name.empty()) return {};
  if (separator == '\0') return MailboxPath({std::string(name)});
  std::vector<std::string> components;
  for (std::size_t end; (end = name.find(separator)) != std::string_view::npos; name.remove_prefix(end + 1)) {
    components.emplace_back(name.substr(0, end));
  }
  components.emplace_back(name);
  return MailboxPath(std::move(components));
}

MailboxPath MailboxPath::caseless() const {
  auto components = components_;
  for (auto& component : components)
    component = to_lower_ascii(component);
  return MailboxPath(std::move(components));
}

MailboxPath MailboxPath::parent() const {
  MailboxPath parent;
  if (!components_.empty()) parent.components_.assign(components_.begin(), components_.end() - 1);
  return parent;
}

std::string MailboxPath::join(char separator) const {
  std::string name;
  for (const std::string& component : components_) {
    if (&component != &components_.front()) name += separator;
    name += component;
  }
  return name;
}

SpecialUse parse_special_use(std::string_view attribute) noexcept {
  for (const NamedUse& known : kSpecialUses) {
    if (equal_ascii_nocase(known.attribute, attribute)) return known.use;
  }
  return SpecialUse::none;
}

std::string_view to_attribute(SpecialUse use) noexcept {
  if (use == SpecialUse::inbox) return {};
  for (const NamedUse& known : kSpecialUses) {
    if (known.use == use) return known.attribute;
  }
  return {};
}

}  // namespace mailferry
