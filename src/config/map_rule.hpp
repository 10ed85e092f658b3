// One renaming of mailboxes: --map FROM=TO and the key `map`.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace mailferry::config {

/// The mailbox `from`, and what is below it, is called `to` on the destination. Names as people read them (UTF-8).
struct MapRule {
  std::string from;
  std::string to;
  bool operator==(const MapRule&) const = default;
};

/// "FROM=TO": the first '=' separates; `\=` is an '=' inside a name. Error kind usage: no '=', an empty side.
[[nodiscard]] Result<MapRule> parse_map_rule(std::string_view text);

}  // namespace mailferry::config
