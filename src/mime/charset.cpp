#include "mime/charset.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iconv.h>

namespace mailferry::mime {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::size_t kLongestCharsetName = 40;

/// iconv reads options and file names out of charset names with a slash.
bool is_plausible_charset(std::string_view name) {
  return !name.empty() && name.size() <= kLongestCharsetName && std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = to_lower_ascii(c);
    return (lower >= 'a' && lower <= 'z') || is_digit_ascii(c) || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

/// What mail calls ISO-8859-1 is windows-1252 in practice (WHATWG Encoding, "labels").
std::string charset_for_iconv(std::string_view name) {
  const bool western = equal_ascii_nocase(name, "iso-8859-1") || equal_ascii_nocase(name, "us-ascii");
  return std::string(western ? "windows-1252" : name);
}

class Converter {
 public:
  explicit Converter(const std::string& charset) : handle_(::iconv_open("UTF-8", charset.c_str())) {}
  ~Converter() {
    if (is_open()) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // iconv_open() returns (iconv_t)-1 for an unknown charset.
  [[nodiscard]] bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  std::string convert(std::string_view text) {
    std::string converted;
    // iconv() does not change its input; its signature is older than const.
    char* input = const_cast<char*>(text.data());
    std::size_t left = text.size();
    while (left > 0) {
      std::array<char, 512> buffer;
      char* output = buffer.data();
      std::size_t room = buffer.size();
      const bool failed = ::iconv(handle_, &input, &left, &output, &room) == static_cast<std::size_t>(-1);
      const int reason = errno;
      converted.append(buffer.data(), buffer.size() - room);
      if (!failed || reason == E2BIG) continue;
      append_utf8(converted, kReplacement);
      ++input;
      --left;
    }
    append_held_back(converted);
    return converted;
  }

 private:
  /// Some charsets keep a letter until they know that no accent follows it.
  void append_held_back(std::string& converted) {
    std::array<char, 16> buffer;
    char* output = buffer.data();
    std::size_t room = buffer.size();
    ::iconv(handle_, nullptr, nullptr, &output, &room);
    converted.append(buffer.data(), buffer.size() - room);
  }

  iconv_t handle_;
};

}  // namespace

std::optional<std::string> to_utf8(std::string_view text, std::string_view charset) {
  if (equal_ascii_nocase(charset, "utf-8") && is_valid_utf8(text)) return std::string(text);
  if (!is_plausible_charset(charset)) return std::nullopt;
  Converter converter(charset_for_iconv(charset));
  if (!converter.is_open()) return std::nullopt;
  std::string converted = converter.convert(text);
  // What iconv calls INTERNAL has characters that Unicode has not.
  if (!is_valid_utf8(converted)) return std::nullopt;
  return converted;
}

}  // namespace mailferry::mime
