#include "imap/response/words.hpp"

#include "base/ascii.hpp"

namespace mailferry::imap {

bool is_nil(std::string_view word) noexcept {
  return equal_ascii_nocase(word, "NIL");
}

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (auto& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace mailferry::imap
