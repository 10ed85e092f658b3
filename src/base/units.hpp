// Quantities for people. Decimal units (1 MB = 1,000,000 octets), the same in every locale.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace mailferry {

/// "0 B", "999 B", "1.0 KB", "12.3 MB", "123.4 MB".
[[nodiscard]] std::string format_octets(std::uint64_t octets);
/// "1,234,567".
[[nodiscard]] std::string format_count(std::uint64_t count);
/// "0 s", "59 s", "1 min 05 s", "1 h 02 min", "3 d 04 h".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);
/// "12.3 MB/s"; "–" where no time has passed.
[[nodiscard]] std::string format_octet_rate(std::uint64_t octets, std::chrono::milliseconds duration);
/// "1,234 messages/s" or "0.4 messages/s"; `what` is the plural.
[[nodiscard]] std::string format_rate(std::uint64_t count, std::chrono::milliseconds duration, std::string_view what);
/// "1 message", "2,000 messages".
[[nodiscard]] std::string format_counted(std::uint64_t count, std::string_view singular, std::string_view plural);

}  // namespace mailferry
