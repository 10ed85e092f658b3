// Members of a JSON object whose types a stranger chose.
#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::auth {

/// Error{protocol, account} when `text` is not one JSON object; nothing of it is repeated. `what` names it: "the token
/// file /x".
[[nodiscard]] Result<boost::json::object> parse_json_object(std::string_view text, std::string_view what);
/// A member that is a text; empty when there is none.
[[nodiscard]] std::string text_member(const boost::json::object& object, std::string_view name);
/// A member that is a number, or a text of digits (some servers quote them).
[[nodiscard]] std::optional<std::int64_t> number_member(const boost::json::object& object, std::string_view name);

}  // namespace mailferry::auth
