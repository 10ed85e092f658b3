// Mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3) and UTF-8 (RFC 6855, RFC 9051 §5.1).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace mailferry::imap {

/// UTF-8 → modified UTF-7. Invalid UTF-8 is an error of kind usage, scope mailbox.
[[nodiscard]] Result<std::string> encode_mutf7(std::string_view utf8);

/// Modified UTF-7 → UTF-8. Strict: what a conforming encoder cannot have written is an error (kind protocol, scope
/// mailbox), so that decoding and encoding again always gives the same octets.
[[nodiscard]] Result<std::string> decode_mutf7(std::string_view wire);

/// For people: decodes if possible; else shows the raw name with octets outside printable ASCII escaped as \xNN.
[[nodiscard]] std::string display_name(std::string_view wire);

}  // namespace mailferry::imap
