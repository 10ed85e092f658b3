#include "base/encoding.hpp"

#include <array>

namespace mailferry {
namespace {

constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> invert(std::string_view alphabet) {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr auto kBase64Values = invert(kBase64Alphabet);

std::uint32_t octet(std::string_view data, std::size_t index) {
  return index < data.size() ? static_cast<unsigned char>(data[index]) : 0;
}

std::uint8_t hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return kNone;
}

}  // namespace

std::string to_base64(std::string_view data) {
  std::string text;
  text.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const std::uint32_t group = octet(data, i) << 16 | octet(data, i + 1) << 8 | octet(data, i + 2);
    text += kBase64Alphabet[group >> 18];
    text += kBase64Alphabet[group >> 12 & 63];
    text += i + 1 < data.size() ? kBase64Alphabet[group >> 6 & 63] : '=';
    text += i + 2 < data.size() ? kBase64Alphabet[group & 63] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string data;
  data.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::uint8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == kNone) return std::nullopt;
    bits = bits << 6 | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    data += static_cast<char>(bits >> held & 0xFF);
    bits &= (1U << held) - 1;
  }
  if (bits != 0) return std::nullopt;
  return data;
}

std::string to_hex(std::span<const std::uint8_t> data) {
  std::string text;
  text.reserve(data.size() * 2);
  for (const std::uint8_t value : data) {
    text += kHexDigits[value >> 4];
    text += kHexDigits[value & 15];
  }
  return text;
}

std::string to_hex(std::string_view data) {
  return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(data.data()), data.size()));
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string data;
  data.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = hex_value(text[i]);
    const std::uint8_t low = hex_value(text[i + 1]);
    if (high == kNone || low == kNone) return std::nullopt;
    data += static_cast<char>(high << 4 | low);
  }
  return data;
}

}  // namespace mailferry
