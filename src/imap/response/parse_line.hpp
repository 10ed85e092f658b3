// One response that lies in memory as a whole → its event. Which of the two functions applies is the framer's LineKind.
#pragma once

#include "imap/response/response_parser.hpp"

#include <string_view>

namespace mailferry::imap {

/// A line without literals and without its line end: a tagged or untagged status, "+", or no response at all, which
/// gives an OtherData without a name.
[[nodiscard]] Result<Event> parse_status_line(std::string_view line);

/// "* …" with literals inside, without the last line end and the blanks before it. What cannot be read gives an
/// OtherData. Errors: parentheses nested deeper than `max_depth`.
[[nodiscard]] Result<Event> parse_untagged_line(std::string_view response, int max_depth);

}  // namespace mailferry::imap
