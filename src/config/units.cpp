#include "config/units.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace mailferry::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kSizes{
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"kb", 1000},
    Unit{"mb", 1'000'000},
    Unit{"gb", 1'000'000'000},
    Unit{"kib", 1024},
    Unit{"mib", std::uint64_t{1} << 20},
    Unit{"gib", std::uint64_t{1} << 30},
    Unit{"k", 1024},
    Unit{"m", std::uint64_t{1} << 20},
    Unit{"g", std::uint64_t{1} << 30},
};

constexpr std::array kTimes{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"min", 60'000}, Unit{"h", 3'600'000}};

constexpr std::array kDays{Unit{"d", 1}};

constexpr std::uint64_t kMost = std::uint64_t{std::numeric_limits<std::int64_t>::max()};

std::unexpected<Error> refuse(std::string_view text, std::string_view meaning, std::string_view example) {
  return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is not {}", text, meaning),
              fmt::format("write it like {}", example));
}

/// The number times its unit; nothing when the text has another shape or is too large.
bool parse_with_unit(std::string_view text, std::span<const Unit> units, std::uint64_t& value) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  auto name = text.substr(static_cast<std::size_t>(rest - text.data()));
  if (name.starts_with(' ')) name.remove_prefix(1);
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return equal_ascii_nocase(u.name, name); });
  if (unit == units.end() || value > kMost / unit->factor) return false;
  value *= unit->factor;
  return true;
}

bool is_hex(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit_ascii(c) || (lower >= 'a' && lower <= 'f');
}

}  // namespace

Result<std::uint64_t> parse_octets(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_with_unit(text, kSizes, value)) return refuse(text, "a size", "64MiB, 10MB or 1048576");
  return value;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_with_unit(text, kTimes, value)) return refuse(text, "a time", "500ms, 30s or 5min");
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

Result<std::uint64_t> parse_days(std::string_view text) {
  if (text == "all") return 0;
  std::uint64_t value = 0;
  if (!text.ends_with('d') || !parse_with_unit(text, kDays, value) || value == 0)
    return refuse(text, "a number of days", "7d, or all");
  return value;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size()) return refuse(text, "a whole number", "4");
  return value;
}

Result<std::string> parse_fingerprint(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // A colon may only follow a whole octet.
    if (text[i] == ':' && !digits.empty() && digits.size() % 2 == 0 && i + 1 < text.size() && text[i - 1] != ':')
      continue;
    if (!is_hex(text[i])) return refuse(text, "a SHA-256 fingerprint (64 hexadecimal digits)", "AB:CD:… or abcd…");
    digits += to_lower_ascii(text[i]);
  }
  if (digits.size() != 64) return refuse(text, "a SHA-256 fingerprint (64 hexadecimal digits)", "AB:CD:… or abcd…");
  return digits;
}

std::uint16_t parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : std::uint16_t{0};
}

}  // namespace mailferry::config
