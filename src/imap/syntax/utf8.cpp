#include "imap/syntax/utf8.hpp"

namespace mailferry::imap {
namespace {

struct Lead {
  std::size_t length;
  char32_t bits;
  char32_t smallest;  // what a shorter form could not have said
};

std::optional<Lead> classify(unsigned char octet) noexcept {
  if (octet < 0x80) return Lead{1, octet, 0};
  if ((octet & 0xe0U) == 0xc0) return Lead{2, octet & 0x1fU, 0x80};
  if ((octet & 0xf0U) == 0xe0) return Lead{3, octet & 0x0fU, 0x800};
  if ((octet & 0xf8U) == 0xf0) return Lead{4, octet & 0x07U, 0x10000};
  return std::nullopt;
}

bool is_scalar(char32_t code_point) noexcept {
  return code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff);
}

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) noexcept {
  if (text.empty()) return std::nullopt;
  const auto lead = classify(static_cast<unsigned char>(text.front()));
  if (!lead || text.size() < lead->length) return std::nullopt;
  char32_t value = lead->bits;
  for (const char c : text.substr(1, lead->length - 1)) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet & 0xc0U) != 0x80) return std::nullopt;
    value = (value << 6U) | (octet & 0x3fU);
  }
  if (value < lead->smallest || !is_scalar(value)) return std::nullopt;
  text.remove_prefix(lead->length);
  return value;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&text](char32_t octet) { text.push_back(static_cast<char>(static_cast<unsigned char>(octet))); };
  const auto put_tail = [&](unsigned shift) { put(0x80U | ((code_point >> shift) & 0x3fU)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xc0U | (code_point >> 6U));
  } else if (code_point < 0x10000) {
    put(0xe0U | (code_point >> 12U));
    put_tail(6);
  } else {
    put(0xf0U | (code_point >> 18U));
    put_tail(12);
    put_tail(6);
  }
  put_tail(0);
}

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    if (!take_code_point(text)) return false;
  }
  return true;
}

}  // namespace mailferry::imap
