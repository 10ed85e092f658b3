// Header texts for people: RFC 2047 encoded words become UTF-8. For reports only; nothing is compared by it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mailferry::mime {

/// Longer header values are cut before they are decoded.
inline constexpr std::size_t kMaxDecodedOctets = 8192;

/// Unfolds a raw header value and decodes its encoded words, in any charset that iconv knows; a character that was
/// split between two words is put together again. What cannot be decoded stays as it is; octets outside of encoded
/// words that are not UTF-8 are read as windows-1252. The result is valid UTF-8 and may still hold control characters:
/// whoever shows it uses sanitize_for_terminal().
[[nodiscard]] std::string decode_header_text(std::string_view raw_value);

}  // namespace mailferry::mime
