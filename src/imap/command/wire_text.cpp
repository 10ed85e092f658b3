#include "imap/command/wire_text.hpp"

#include "base/ascii.hpp"
#include "imap/syntax/characters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mailferry::imap {
namespace {

/// Longer strings go as literals: servers bound the length of a line.
constexpr std::size_t kLongestQuoted = 1000;

}  // namespace

bool is_quotable(std::string_view value) noexcept {
  return value.size() <= kLongestQuoted && std::all_of(value.begin(), value.end(), is_quoted_char);
}

bool is_plain_atom(std::string_view value) noexcept {
  return value.size() <= kLongestQuoted && is_atom(value) && !equal_ascii_nocase(value, "NIL");
}

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string flag_list(const Flags& flags) {
  std::string out;
  append_flag_list(out, flags);
  return out;
}

void append_flag_list(std::string& out, const Flags& flags) {
  using enum SystemFlag;
  static constexpr std::pair<SystemFlag, std::string_view> kSystem[] = {
      {answered, "\\Answered"}, {flagged, "\\Flagged"}, {deleted, "\\Deleted"}, {seen, "\\Seen"}, {draft, "\\Draft"}};
  out += '(';
  const auto add = [&out](std::string_view name) {
    if (out.back() != '(') out += ' ';
    out += name;
  };
  for (const auto& [flag, name] : kSystem) {
    if (flags.has(flag)) add(name);
  }
  for (const std::string_view name : flags.keywords()) {
    if (is_atom(name.starts_with('\\') ? name.substr(1) : name)) add(name);
  }
  out += ')';
}

}  // namespace mailferry::imap
