// Response events as text, every field that is set: for laws that compare, and for tests that read.
#pragma once

#include "imap/response/response_parser.hpp"

#include <span>
#include <string>
#include <string_view>

namespace mailferry::imap {

/// One line without a line end. Strings are in quotes with C escapes; fields that are absent are left out.
[[nodiscard]] std::string print_event(const Event& event);

/// Feeds the pieces to a new parser, polling behind each. One line an event; chunks of a body are joined to one line,
/// so that equal streams print equally however they are cut. An error is the last line: "error".
[[nodiscard]] std::string print_events(std::span<const std::string_view> pieces, const ParserLimits& limits = {});

}  // namespace mailferry::imap
