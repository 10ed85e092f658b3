// Case-insensitive work on ASCII, independent of the locale. Octets above 127 compare as they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace mailferry {

[[nodiscard]] constexpr char to_lower_ascii(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool is_digit_ascii(char c) noexcept {
  return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool equal_ascii_nocase(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  if (left == right) return true;  // the usual case, and the quick one
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (to_lower_ascii(left[i]) != to_lower_ascii(right[i])) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool less_ascii_nocase(std::string_view left, std::string_view right) noexcept {
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return static_cast<unsigned char>(to_lower_ascii(a)) < static_cast<unsigned char>(to_lower_ascii(b));
  });
}

[[nodiscard]] inline std::string to_lower_ascii(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return to_lower_ascii(c); });
  return lower;
}

}  // namespace mailferry
