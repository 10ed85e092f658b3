// The moments in token files (RFC 3339 and its relatives).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::auth {

/// "2026-05-01T12:00:00.123456789+02:00", "…Z"; without a zone it is UTC, as google-auth writes it. Parts of a second
/// are dropped. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_timestamp(std::string_view text);
/// "2026-05-01T10:00:00Z".
[[nodiscard]] std::string format_timestamp(std::chrono::sys_seconds time);

}  // namespace mailferry::auth
