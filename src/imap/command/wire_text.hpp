// The forms in which values stand on a command line (RFC 9051 §4). Internal to command/.
#pragma once

#include "mail/flags.hpp"

#include <string>
#include <string_view>

namespace mailferry::imap {

/// May go inside a quoted string: 7-bit, no control but TAB, and short enough for every server's line limit.
[[nodiscard]] bool is_quotable(std::string_view value) noexcept;

/// May go as an atom to every parser: "NIL" is a keyword to careless ones, and "]" ends a section to them.
[[nodiscard]] bool is_plain_atom(std::string_view value) noexcept;

/// In double quotes, with quotes and backslashes escaped.
[[nodiscard]] std::string quoted(std::string_view value);

/// "(\Seen $Label1)"; what is neither "\" and an atom nor an atom is left out.
[[nodiscard]] std::string flag_list(const Flags& flags);
void append_flag_list(std::string& out, const Flags& flags);

}  // namespace mailferry::imap
