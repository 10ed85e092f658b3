// The table of response codes and the reader of "[CODE argument]" (RFC 9051 §7.1, RFC 5530).
#pragma once

#include "imap/response/response.hpp"

#include <string_view>

namespace mailferry::imap {

/// `inside` is the text between the brackets. An argument that is not as it should be leaves the typed fields empty;
/// ResponseCode::argument has it in any case. Code::none: this is no code, but text in brackets.
[[nodiscard]] ResponseCode parse_response_code(std::string_view inside);

/// Where the code that opens at text[0] == '[' closes, or npos. Brackets inside quotes, parentheses and inner brackets
/// do not close it (flags like "[Google Mail]/x" come unquoted).
[[nodiscard]] std::size_t find_code_end(std::string_view text) noexcept;

/// "APPENDUID" → Code::appenduid, in any case; Code::other for an unknown name.
[[nodiscard]] Code find_code(std::string_view name) noexcept;
/// The wire name; empty for none and other.
[[nodiscard]] std::string_view code_name(Code code) noexcept;

}  // namespace mailferry::imap
