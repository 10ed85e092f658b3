// Where a quoted string begins and ends (RFC 9051 §9 `quoted`). One rule for the framer and the lexer, because both
// must agree on whether "{5}" at the end of a line announces a literal.
#pragma once

#include "imap/response/words.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace mailferry::imap {

namespace quoted_detail {
constexpr bool can_precede(char c) noexcept {
  return c == ' ' || c == '(' || c == ')' || c == '[' || c == '"' || c == '\n';
}
constexpr bool can_follow(char c) noexcept {
  return c == ' ' || c == '(' || c == ')' || c == ']' || c == '\r' || c == '\n';
}
}  // namespace quoted_detail

/// A quotation mark inside a word ("foo"bar) is part of the word.
[[nodiscard]] inline bool opens_quoted(std::string_view text, std::size_t at) noexcept {
  return text[at] == '"' && (at == 0 || quoted_detail::can_precede(text[at - 1]));
}

/// Whether a quotation mark at `at` ends the string that it stands in. Several servers send quotation marks inside
/// strings as they are (quirk c10; iCloud Message-IDs): such a one is not followed by what can follow a string.
[[nodiscard]] inline bool closes_quoted(std::string_view text, std::size_t at) noexcept {
  const auto next = at + 1;
  if (next >= text.size() || quoted_detail::can_follow(text[next])) return true;
  return text[next] == '"' && next + 1 < text.size() && !quoted_detail::can_follow(text[next + 1]);
}

/// The closing quotation mark of the string that opens at `open`, or npos: the line ends before it.
[[nodiscard]] inline std::size_t find_closing_quote(std::string_view text, std::size_t open) noexcept {
  static constexpr OctetSet kOfInterest{"\\\"\n"};
  for (auto at = open + 1;; ++at) {
    at += kOfInterest.measure_others(text.substr(std::min(at, text.size())));
    if (at >= text.size() || text[at] == '\n') break;
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"' && closes_quoted(text, at)) {
      return at;
    }
  }
  return std::string_view::npos;
}

/// `text` is one line, or the part of one behind a literal.
[[nodiscard]] inline bool ends_inside_quoted(std::string_view text) noexcept {
  auto at = text.find('"');
  while (at != std::string_view::npos) {
    if (opens_quoted(text, at)) {
      at = find_closing_quote(text, at);
      if (at == std::string_view::npos) return true;
    }
    at = text.find('"', at + 1);
  }
  return false;
}

}  // namespace mailferry::imap
