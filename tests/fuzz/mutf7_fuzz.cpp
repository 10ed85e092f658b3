// Laws of modified UTF-7: decoding and encoding are inverse to each other, and what is shown to people is safe to show.
#include "base/utf8.hpp"
#include "fuzz/law.hpp"
#include "imap/syntax/mailbox_name.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace mailferry::imap {
namespace {

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

void check_wire(const std::string& wire) {
  const auto decoded = decode_mutf7(wire);
  if (decoded) require_equal("encode(decode(x)) = x", encode_mutf7(*decoded).value(), wire);
  require_law("only printable ASCII is decoded", !decoded || is_printable_ascii(wire));
  const auto shown = display_name(wire);
  require_equal("what is shown is safe to show", sanitize_for_terminal(shown), shown);
}

void check_name(const std::string& name) {
  const auto encoded = encode_mutf7(name);
  require_law("exactly valid UTF-8 is encoded", encoded.has_value() == is_valid_utf8(name));
  if (!encoded) return;
  require_law("the encoded form is printable ASCII", is_printable_ascii(*encoded));
  require_equal("decode(encode(x)) = x", decode_mutf7(*encoded).value(), name);
}

}  // namespace
}  // namespace mailferry::imap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  mailferry::imap::check_wire(input);
  mailferry::imap::check_name(input);
  return 0;
}
