// Conversion of text to UTF-8 with iconv(3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mailferry::mime {

/// Octets that the charset does not have become U+FFFD; nothing when the charset is not known, or
/// is none that could be told in UTF-8.
[[nodiscard]] std::optional<std::string> to_utf8(std::string_view text, std::string_view charset);

}  // namespace mailferry::mime
