// Sizes and times as people write them: "64MiB", "30s".
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace mailferry::config {

/// A number of octets: digits, then nothing or one of B, kB, MB, GB (powers of 1000), KiB, MiB, GiB or K, M, G (powers
/// of 1024); the case does not matter and a blank may stand between. Error kind usage, also above 2^63.
[[nodiscard]] Result<std::uint64_t> parse_octets(std::string_view text);

/// "500ms", "30s", "5min", "1h". Error kind usage; a number without unit is one.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "7d", or "all", which is 0. Error kind usage, also for 0 days.
[[nodiscard]] Result<std::uint64_t> parse_days(std::string_view text);

/// A whole number without sign or blanks. Error kind usage.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);

/// 64 hexadecimal digits, colons between octets allowed; the digits in lower case without colons. Error kind usage.
[[nodiscard]] Result<std::string> parse_fingerprint(std::string_view text);

/// 1 to 65535, digits only; 0 for all else.
[[nodiscard]] std::uint16_t parse_port(std::string_view text) noexcept;

}  // namespace mailferry::config
