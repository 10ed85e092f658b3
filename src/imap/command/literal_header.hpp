// The header of a literal at the end of a command line (RFC 9051 §4.3, RFC 7888, RFC 3516). Internal to command/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace mailferry::imap {

/// RFC 9051 §9 number64.
inline constexpr std::uint64_t kLargestLiteral = std::numeric_limits<std::int64_t>::max();

struct LiteralHeader {
  std::size_t position = 0;   // of its "{" or "~" in the line
  std::uint64_t size = 0;     // above kLargestLiteral: larger than any number that IMAP has
  bool synchronizing = true;  // the client waits for "+"
  bool binary = false;        // literal8
};

/// "{5}", "{5+}", "~{5}" or "~{5+}" at the end of a line without its line end.
[[nodiscard]] std::optional<LiteralHeader> find_literal_header(std::string_view line) noexcept;

}  // namespace mailferry::imap
