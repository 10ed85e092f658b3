#include "imap/response/words.hpp"

#include "base/ascii.hpp"

#include <charconv>

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

std::optional<std::uint64_t> to_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace mailferry::imap
