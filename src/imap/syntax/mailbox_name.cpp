#include "imap/syntax/mailbox_name.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>

namespace mailferry::imap {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool is_direct(char32_t code_point) noexcept {
  return code_point >= 0x20 && code_point <= 0x7e;
}

/// Writes UTF-16 code units as modified BASE64 between "&" and "-" (RFC 3501 §5.1.3).
class ShiftWriter {
 public:
  explicit ShiftWriter(std::string& out) : out_(out) {}

  void put(char32_t code_point) {
    if (code_point < 0x10000) return put_unit(code_point);
    put_unit(0xd800U + ((code_point - 0x10000U) >> 10U));
    put_unit(0xdc00U + ((code_point - 0x10000U) & 0x3ffU));
  }

  /// Pads with zero bits and shifts back; does nothing outside a shift.
  void finish() {
    if (!shifted_) return;
    if (bits_ > 0) out_.push_back(kBase64[(pending_ << (6U - bits_)) & 0x3fU]);
    out_.push_back('-');
    shifted_ = false;
    bits_ = 0;
    pending_ = 0;
  }

 private:
  void put_unit(char32_t unit) {
    if (!shifted_) out_.push_back('&');
    shifted_ = true;
    pending_ = (pending_ << 16U) | unit;
    for (bits_ += 16; bits_ >= 6; bits_ -= 6)
      out_.push_back(kBase64[(pending_ >> (bits_ - 6U)) & 0x3fU]);
    pending_ &= (1U << bits_) - 1U;
  }

  std::string& out_;
  std::uint32_t pending_ = 0;
  unsigned bits_ = 0;
  bool shifted_ = false;
};

/// Appends the UTF-8 of the UTF-16 in `base64`; false: a character outside the alphabet, or a lone surrogate.
bool decode_shift(std::string_view base64, std::string& out) {
  std::uint32_t pending = 0;
  unsigned bits = 0;
  std::optional<char32_t> high;
  for (const char c : base64) {
    const auto digit = kBase64.find(c);
    if (digit == std::string_view::npos) return false;
    pending = (pending << 6U) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 16) continue;
    bits -= 16;
    const char32_t unit = (pending >> bits) & 0xffffU;
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_low != high.has_value()) return false;
    if (is_low) append_utf8(out, 0x10000U + ((*high - 0xd800U) << 10U) + (unit - 0xdc00U));
    if (!is_low && !is_high) append_utf8(out, unit);
    high = is_high ? std::optional<char32_t>(unit) : std::nullopt;
  }
  return !high;
}

/// Accepts more than an encoder writes; decode_mutf7 compares.
std::optional<std::string> decode_loosely(std::string_view wire) {
  std::string out;
  while (!wire.empty()) {
    const auto plain = std::min(wire.find('&'), wire.size());
    out.append(wire.substr(0, plain));
    wire.remove_prefix(plain);
    if (wire.empty()) break;
    const auto end = wire.find('-');
    if (end == std::string_view::npos) return std::nullopt;
    if (end == 1) {
      out.push_back('&');
    } else if (!decode_shift(wire.substr(1, end - 1), out)) {
      return std::nullopt;
    }
    wire.remove_prefix(end + 1);
  }
  return out;
}

std::string escape_octets(std::string_view wire) {
  std::string out;
  for (const char c : wire) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_direct(octet)) {
      out.push_back(c);
    } else {
      out += fmt::format("\\x{:02X}", octet);
    }
  }
  return out;
}

}  // namespace

Result<std::string> encode_mutf7(std::string_view utf8) {
  std::string out;
  ShiftWriter shift(out);
  for (auto rest = utf8; !rest.empty();) {
    const auto character = decode_utf8(rest);
    if (!character) {
      return fail(ErrorKind::usage, Scope::mailbox,
                  fmt::format("the mailbox name \"{}\" is not valid UTF-8", escape_octets(utf8)),
                  "give the name in UTF-8");
    }
    rest.remove_prefix(character->octets);
    if (!is_direct(character->value)) {
      shift.put(character->value);
      continue;
    }
    shift.finish();
    out.push_back(static_cast<char>(character->value));
    if (character->value == '&') out.push_back('-');
  }
  shift.finish();
  return out;
}

Result<std::string> decode_mutf7(std::string_view wire) {
  if (auto decoded = decode_loosely(wire)) {
    const auto again = encode_mutf7(*decoded);
    if (again && *again == wire) return *std::move(decoded);
  }
  return fail(ErrorKind::protocol, Scope::mailbox,
              fmt::format("the mailbox name \"{}\" is not valid modified UTF-7", escape_octets(wire)),
              "rename the mailbox on the server with another mail program");
}

std::string display_name(std::string_view wire) {
  auto decoded = decode_mutf7(wire);
  const bool shows = decoded && sanitize_for_terminal(*decoded) == *decoded;
  return shows ? *std::move(decoded) : escape_octets(wire);
}

}  // namespace mailferry::imap
