// One renaming of mailboxes: --map FROM=TO and the key `map`.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace mailferry::config {

/// Both halves are still patterns as they were typed, with their backslashes (plan/mailbox_pattern.hpp reads them).
struct MapRule {
  std::string from;
  std::string to;
  bool operator==(const MapRule&) const = default;
};

/// "FROM=TO": the first '=' without a backslash before it separates. Error kind usage: no such '=', an empty half.
[[nodiscard]] Result<MapRule> parse_map_rule(std::string_view text);

}  // namespace mailferry::config
