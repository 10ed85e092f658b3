#include "auth/oauth/form_text.hpp"

#include "base/ascii.hpp"
#include "base/encoding.hpp"

#include <algorithm>

namespace mailferry::auth {
namespace {

bool is_unreserved(char c) {
  const char lower = to_lower_ascii(c);
  return (lower >= 'a' && lower <= 'z') || is_digit_ascii(c) || std::string_view("-._~").contains(c);
}

}  // namespace

FormText& FormText::add(std::string_view name, std::string_view value) {
  return value.empty() ? *this : add_encoded(encode_form(name) + "=" + encode_form(value));
}

FormText& FormText::add_encoded(std::string_view pairs) {
  if (!text_.empty() && !pairs.empty()) text_ += '&';
  text_ += pairs;
  return *this;
}

std::string encode_form(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[octet >> 4], kDigits[octet & 15]};
  }
  return encoded;
}

std::optional<std::string> decode_form(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto octet = from_hex(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    decoded += *octet;
    i += 2;
  }
  return decoded;
}

std::optional<std::string> find_in_form(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const auto pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(pair.size() + 1, form.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && decode_form(pair.substr(0, equals)) == name)
      return decode_form(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::string with_query(std::string_view url, const FormText& query) {
  return std::string(url) + (url.contains('?') ? '&' : '?') + query.text();
}

}  // namespace mailferry::auth
