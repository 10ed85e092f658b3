// What single words of a response mean, and how they are spelt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::imap {

/// "NIL" in any case.
[[nodiscard]] bool is_nil(std::string_view word) noexcept;
/// ASCII letters only.
[[nodiscard]] std::string to_upper(std::string_view text);
/// Digits only, at most 64 bits.
[[nodiscard]] std::optional<std::uint64_t> to_number(std::string_view text) noexcept;

}  // namespace mailferry::imap
