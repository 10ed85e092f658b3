// Laws of decoded header texts: valid UTF-8 whatever the header says, no longer than a charset can make it, and what is
// no encoded word stays.
#include "base/header_fields.hpp"
#include "base/utf8.hpp"
#include "fuzz/law.hpp"
#include "mime/decoded_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace mailferry::mime {
namespace {

/// An octet becomes at most a replacement character of three, or two characters of three each (a letter and its
/// accent).
constexpr std::size_t kWidest = 6;

void check(const std::string& value) {
  const auto shown = decode_header_text(value);
  require_law("what is shown is valid UTF-8", is_valid_utf8(shown));
  require_law("what is shown is bounded", shown.size() <= kWidest * std::min(value.size(), kMaxDecodedOctets));
  if (value.size() > kMaxDecodedOctets) return;
  const auto line = unfold(value);
  require_equal("folds do not count", decode_header_text(line), shown);
  if (!line.contains("=?") && is_valid_utf8(line)) require_equal("what is not encoded stays", shown, line);
}

}  // namespace
}  // namespace mailferry::mime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mailferry::mime::check(std::string(data, data + size));
  return 0;
}
