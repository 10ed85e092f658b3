// Character classes of the IMAP grammar (RFC 9051 §9), shared by the readers and writers of both sides.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace mailferry::imap {

namespace character_class {
inline constexpr std::uint8_t kAtom = 1;     // ATOM-CHAR
inline constexpr std::uint8_t kAString = 2;  // ASTRING-CHAR: ATOM-CHAR and "]"
inline constexpr std::uint8_t kList = 4;     // list-char: ASTRING-CHAR and the wildcards "%" and "*"
inline constexpr std::uint8_t kQuoted = 8;   // may stand inside a quoted string, escaped or not; 7-bit
inline constexpr std::uint8_t kTag = 16;     // tag: ASTRING-CHAR without "+"

consteval std::array<std::uint8_t, 256> make_table() {
  constexpr std::string_view kSpecials = "(){ %*\"\\]";
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0x20; c < 0x7f; ++c) {
    const char letter = static_cast<char>(c);
    const bool atom = !kSpecials.contains(letter);
    const bool astring = atom || letter == ']';
    const bool list = astring || letter == '%' || letter == '*';
    table[c] = static_cast<std::uint8_t>(kQuoted | (atom ? kAtom : 0) | (astring ? kAString : 0) | (list ? kList : 0) |
                                         (astring && letter != '+' ? kTag : 0));
  }
  table['\t'] = kQuoted;
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kTable = make_table();

[[nodiscard]] constexpr bool has(char c, std::uint8_t wanted) noexcept {
  return (kTable[static_cast<unsigned char>(c)] & wanted) != 0;
}
}  // namespace character_class

[[nodiscard]] constexpr bool is_atom_char(char c) noexcept {
  return character_class::has(c, character_class::kAtom);
}
[[nodiscard]] constexpr bool is_astring_char(char c) noexcept {
  return character_class::has(c, character_class::kAString);
}
[[nodiscard]] constexpr bool is_list_char(char c) noexcept {
  return character_class::has(c, character_class::kList);
}
/// 7-bit and neither CR, LF, NUL nor another control except TAB.
[[nodiscard]] constexpr bool is_quoted_char(char c) noexcept {
  return character_class::has(c, character_class::kQuoted);
}
[[nodiscard]] constexpr bool is_tag_char(char c) noexcept {
  return character_class::has(c, character_class::kTag);
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_8bit(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// At least one character, all of them ATOM-CHARs.
[[nodiscard]] constexpr bool is_atom(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_atom_char);
}

[[nodiscard]] constexpr char to_upper_ascii(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace mailferry::imap
