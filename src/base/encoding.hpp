// Base64 (RFC 4648 §4) and hexadecimal, both ways and strict.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mailferry {

/// With padding, without line breaks.
[[nodiscard]] std::string to_base64(std::string_view data);
/// Nothing for anything but whole groups of four from the alphabet, padded, with unused bits zero.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Lower case, two digits an octet.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> data);
[[nodiscard]] std::string to_hex(std::string_view data);
/// Accepts both cases; nothing for an odd number of digits or anything else.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace mailferry
