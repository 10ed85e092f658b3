// What single words of a response mean, and how they are spelt.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::imap {

/// A set of octets with a look-up that costs one load.
class OctetSet {
 public:
  constexpr explicit OctetSet(std::string_view members) {
    for (const char c : members)
      is_member_.at(static_cast<unsigned char>(c)) = true;
  }
  [[nodiscard]] constexpr bool contains(char c) const noexcept { return is_member_[static_cast<unsigned char>(c)]; }
  /// How many octets at the front of `text` are none of the members.
  [[nodiscard]] constexpr std::size_t measure_others(std::string_view text) const noexcept {
    std::size_t at = 0;
    while (at < text.size() && !contains(text[at]))
      ++at;
    return at;
  }

 private:
  std::array<bool, 256> is_member_{};
};

/// "NIL" in any case.
[[nodiscard]] bool is_nil(std::string_view word) noexcept;
/// ASCII letters only.
[[nodiscard]] std::string to_upper(std::string_view text);
/// Digits only, at most 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> to_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace mailferry::imap
