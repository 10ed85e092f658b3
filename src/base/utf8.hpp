// UTF-8: validation, and making text from mail and servers safe to show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry {

struct DecodedCharacter {
  char32_t value = 0;
  std::size_t octets = 0;
};

/// The character at the front; nothing when there is none that is well-formed (RFC 3629: no surrogates, no overlong
/// forms, nothing above U+10FFFF).
[[nodiscard]] std::optional<DecodedCharacter> decode_utf8(std::string_view text) noexcept;
void append_utf8(std::string& text, char32_t character);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// Valid UTF-8 in one line that a terminal only shows: control characters (C0, C1, DEL), line and paragraph separators
/// and bidirectional overrides become '?' or, for tab and line ends, a blank; octets that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string sanitize_for_terminal(std::string_view text);

/// The same, cut to at most `characters` characters, the last one "…" when something was cut off.
[[nodiscard]] std::string sanitize_for_terminal(std::string_view text, std::size_t characters);

}  // namespace mailferry
