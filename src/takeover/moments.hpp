// Points in time as Go, Python and SQLite write them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace mailferry::takeover {

/// "2026-04-29 09:31:32", "2026-04-29T09:31:32.123456+02:00", "…Z"; without a zone it is UTC. Fractions are dropped.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_moment(std::string_view text);

}  // namespace mailferry::takeover
