// The status of a bridge as JSON: for /status.json, `mailferry status --json`, and back for the terminal.
#pragma once

#include "base/result.hpp"
#include "report/bridge_status.hpp"

#include <string>
#include <string_view>

namespace mailferry::report {

/// One object; times in UTC as RFC 3339, octets as numbers. docs/manual/status.md lists the members.
[[nodiscard]] std::string to_json(const BridgeStatus& status, WallTime now);

/// One parked message, as an event of `mailferry failures --json`.
[[nodiscard]] std::string to_json(const ParkedStatus& parked);

/// Reads what to_json() writes; members that are missing keep their defaults, others are passed over, so that programs
/// of different versions understand each other. Error{protocol}: it is no such object.
[[nodiscard]] Result<BridgeStatus> parse_status(std::string_view json);

}  // namespace mailferry::report
