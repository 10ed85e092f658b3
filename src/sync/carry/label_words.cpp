#include "sync/carry/label_words.hpp"

namespace mailferry::sync {

std::string to_keyword(std::string_view label) {
  constexpr std::string_view kSpecials = R"((){%*"\] )";  // RFC 9051 §9, atom-specials, and blanks
  std::string keyword;
  for (const char c : label) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain = octet > 0x20 && octet < 0x7F && !kSpecials.contains(c);
    if (octet >= 0x80 && octet < 0xC0) continue;  // the rest of a character that has become '_'
    keyword += plain ? c : '_';
  }
  return keyword.empty() ? "_" : keyword;
}

}  // namespace mailferry::sync
