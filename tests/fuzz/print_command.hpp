// Writes a ParsedCommand back as a client could have sent it: one spelling for each meaning, so that two commands mean
// the same when their texts are equal, and the text can be parsed again. For tests and fuzzers only: it prints
// passwords.
#pragma once

#include "imap/command/parsed_command.hpp"

#include <string>

namespace mailferry::imap {

/// One line with its CRLF; strings that cannot be quoted are non-synchronizing literals. An APPEND, whose messages are
/// elsewhere, comes out as a comment that no parser accepts.
[[nodiscard]] std::string print_command(const ParsedCommand& command);

}  // namespace mailferry::imap
