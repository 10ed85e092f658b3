#include "base/utf8.hpp"

#include <array>

namespace mailferry {
namespace {

struct Form {
  std::uint8_t mask;  // of the lead octet
  std::uint8_t lead;  // its fixed bits
  std::size_t octets;
  char32_t smallest;  // anything below is an overlong form
};

constexpr std::array<Form, 4> kForms = {
    {{0x80, 0x00, 1, 0}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}}};

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

/// What a terminal may act on, or what makes text read differently from what it is.
bool is_unsafe(char32_t character) {
  if (character < 0x20 || (character >= 0x7F && character < 0xA0)) return true;
  if (character == 0x2028 || character == 0x2029) return true;
  const bool bidirectional =
      (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
  return bidirectional || character == 0x200E || character == 0x200F || character == 0x061C || character == 0xFEFF;
}

/// Takes one character from the front and appends what may be shown of it.
void take_shown(std::string_view& text, std::string& shown) {
  const auto character = decode_utf8(text);
  if (!character) {
    shown += kReplacement;
    text.remove_prefix(1);
    return;
  }
  const char first = text.front();
  if (first == '\t' || first == '\n' || first == '\r') {
    shown += ' ';
  } else if (is_unsafe(character->value)) {
    shown += '?';
  } else {
    shown += text.substr(0, character->octets);
  }
  text.remove_prefix(character->octets);
}

}  // namespace

std::optional<DecodedCharacter> decode_utf8(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<std::uint8_t>(text.front());
  for (const Form& form : kForms) {
    if ((lead & form.mask) != form.lead) continue;
    if (text.size() < form.octets) return std::nullopt;
    char32_t value = lead & static_cast<std::uint8_t>(~form.mask);
    for (std::size_t i = 1; i < form.octets; ++i) {
      const auto next = static_cast<std::uint8_t>(text[i]);
      if ((next & 0xC0) != 0x80) return std::nullopt;
      value = value << 6 | (next & 0x3F);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < form.smallest || value > 0x10FFFF || surrogate) return std::nullopt;
    return DecodedCharacter{value, form.octets};
  }
  return std::nullopt;
}

void append_utf8(std::string& text, char32_t character) {
  if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) {
    text += kReplacement;
    return;
  }
  std::size_t form = 0;
  while (form + 1 < kForms.size() && character >= kForms[form + 1].smallest)
    ++form;
  const std::size_t octets = kForms[form].octets;
  text += static_cast<char>(kForms[form].lead | character >> (6 * (octets - 1)));
  for (std::size_t i = octets - 1; i > 0; --i)
    text += static_cast<char>(0x80 | (character >> (6 * (i - 1)) & 0x3F));
}

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto character = decode_utf8(text);
    if (!character) return false;
    text.remove_prefix(character->octets);
  }
  return true;
}

std::string sanitize_for_terminal(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty())
    take_shown(text, shown);
  return shown;
}

std::string sanitize_for_terminal(std::string_view text, std::size_t characters) {
  std::string shown;
  std::size_t before_last = 0;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == characters) {
      shown.resize(before_last);
      if (characters > 0) shown += kEllipsis;
      break;
    }
    before_last = shown.size();
    take_shown(text, shown);
  }
  return shown;
}

}  // namespace mailferry
