// Strict UTF-8, one code point at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::imap {

/// Takes one code point off the front of `text`. nullopt, and `text` unchanged: it begins with no valid UTF-8 (overlong
/// forms, surrogates and values above U+10FFFF are invalid, RFC 3629 §3), or is empty.
[[nodiscard]] std::optional<char32_t> take_code_point(std::string_view& text) noexcept;

/// `code_point` must be a Unicode scalar value.
void append_utf8(std::string& text, char32_t code_point);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace mailferry::imap
