#include "mail/flags.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace mailferry {
namespace {

struct NamedFlag {
  SystemFlag flag;
  std::string_view name;
};

/// In the order in which to_string() writes them.
constexpr std::array<NamedFlag, 5> kSystemFlags = {{{SystemFlag::seen, "\\Seen"},
                                                    {SystemFlag::answered, "\\Answered"},
                                                    {SystemFlag::flagged, "\\Flagged"},
                                                    {SystemFlag::deleted, "\\Deleted"},
                                                    {SystemFlag::draft, "\\Draft"}}};

const NamedFlag* find_system(std::string_view name) {
  if (!name.starts_with('\\')) return nullptr;
  const auto found = std::find_if(kSystemFlags.begin(), kSystemFlags.end(),
                                  [&](const NamedFlag& known) { return equal_ascii_nocase(known.name, name); });
  return found == kSystemFlags.end() ? nullptr : &*found;
}

/// Nothing a mailbox could keep: \Recent belongs to a session, \* is a permission, and a name with a blank, a control
/// character or a list delimiter cannot be written to a server.
bool is_unstorable(std::string_view name) {
  if (name.empty() || name == "\\" || name == "\\*" || equal_ascii_nocase(name, "\\Recent")) return true;
  return std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '(' || c == ')' || c == '{' || c == '"';
  });
}

bool keyword_less(std::string_view left, std::string_view right) {
  return less_ascii_nocase(left, right);
}

template <class Keywords>
auto lower_bound_of(Keywords& keywords, std::string_view name) {
  return std::lower_bound(keywords.begin(), keywords.end(), name, keyword_less);
}

}  // namespace

constinit const Flags::Keywords Flags::kNone{};

void Flags::set_keywords(Keywords keywords) {
  keywords_ = keywords.empty() ? nullptr : std::make_shared<const Keywords>(std::move(keywords));
}

void Flags::add(std::string_view name) {
  if (const NamedFlag* known = find_system(name)) return add(known->flag);
  if (is_unstorable(name)) return;
  const auto place = lower_bound_of(keywords(), name);
  if (place != keywords().end() && equal_ascii_nocase(*place, name)) return;
  auto changed = keywords();
  changed.emplace(changed.begin() + (place - keywords().begin()), name);
  set_keywords(std::move(changed));
}

void Flags::remove(std::string_view name) {
  if (const NamedFlag* known = find_system(name)) return remove(known->flag);
  const auto place = lower_bound_of(keywords(), name);
  if (place == keywords().end() || !equal_ascii_nocase(*place, name)) return;
  auto changed = keywords();
  changed.erase(changed.begin() + (place - keywords().begin()));
  set_keywords(std::move(changed));
}

bool Flags::has(std::string_view name) const {
  if (const NamedFlag* known = find_system(name)) return has(known->flag);
  const auto place = lower_bound_of(keywords(), name);
  return place != keywords().end() && equal_ascii_nocase(*place, name);
}

Flags Flags::minus(const Flags& other) const {
  Flags rest;
  rest.bits_ = static_cast<std::uint8_t>(bits_ & ~other.bits_);
  Keywords left;
  std::ranges::set_difference(keywords(), other.keywords(), std::back_inserter(left), keyword_less);
  rest.set_keywords(std::move(left));
  return rest;
}

Flags Flags::united(const Flags& other) const {
  Flags both;
  both.bits_ = static_cast<std::uint8_t>(bits_ | other.bits_);
  Keywords all;
  std::ranges::set_union(keywords(), other.keywords(), std::back_inserter(all), keyword_less);
  both.set_keywords(std::move(all));
  return both;
}

std::string Flags::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void Flags::append_to(std::string& text) const {
  const auto begin = text.size();
  const auto append = [&text, begin](std::string_view name) {
    if (text.size() > begin) text += ' ';
    text += name;
  };
  for (const NamedFlag& known : kSystemFlags) {
    if (has(known.flag)) append(known.name);
  }
  for (const std::string& keyword : keywords())
    append(keyword);
}

Flags Flags::from_string(std::string_view text) {
  Flags flags;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    flags.add(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return flags;
}

bool Flags::operator==(const Flags& other) const {
  if (bits_ != other.bits_ || keywords_ == other.keywords_) return bits_ == other.bits_;
  return std::ranges::equal(keywords(), other.keywords(), equal_ascii_nocase);
}

Flags PermanentFlags::storable(Flags wanted) const {
  if (!known) return wanted;
  wanted.keep_system(flags);
  const Flags all = wanted;
  for (const std::string& keyword : all.keywords()) {
    // "\*" lets a client create keywords, not names with a backslash (RFC 9051 §7.1).
    const bool may_be_created = new_keywords && !keyword.starts_with('\\');
    if (!may_be_created && !flags.has(keyword)) wanted.remove(keyword);
  }
  return wanted;
}

}  // namespace mailferry
