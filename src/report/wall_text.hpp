// Wall-clock times as text and back.
#pragma once

#include "report/bridge_status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::report {

/// Whole seconds since 1970, rounded down.
[[nodiscard]] std::int64_t to_seconds(WallTime time) noexcept;

/// "2026-11-21T07:00:00Z" (RFC 3339).
[[nodiscard]] std::string to_utc_text(WallTime time);
/// The inverse; nothing for anything else, also for days that no month has.
[[nodiscard]] std::optional<WallTime> parse_utc_text(std::string_view text);

/// "2026-11-21 08:00:00" in the zone of this machine.
[[nodiscard]] std::string to_local_text(WallTime time);
/// "2026-11-21" in the zone of this machine.
[[nodiscard]] std::string to_local_date(WallTime time);

}  // namespace mailferry::report
