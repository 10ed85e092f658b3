#include "base/units.hpp"

#include <fmt/format.h>

#include <array>

namespace mailferry {
namespace {

using std::chrono::milliseconds;

struct LargeAndSmall {
  std::int64_t seconds;  // of the large unit
  std::string_view large;
  std::int64_t divisor;  // seconds of the small unit
  std::string_view small;
};

constexpr std::array<LargeAndSmall, 3> kDurations = {
    {{86400, "d", 3600, "h"}, {3600, "h", 60, "min"}, {60, "min", 1, "s"}}};

}  // namespace

std::string format_octets(std::uint64_t octets) {
  constexpr std::array<std::string_view, 6> kUnits = {"KB", "MB", "GB", "TB", "PB", "EB"};
  if (octets < 1000) return fmt::format("{} B", octets);
  double value = static_cast<double>(octets) / 1000;
  std::size_t unit = 0;
  // 999.95 would be written as 1000.0.
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit)
    value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_count(std::uint64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string format_duration(milliseconds duration) {
  const std::int64_t seconds = std::max<std::int64_t>(duration.count(), 0) / 1000;
  for (const LargeAndSmall& units : kDurations) {
    if (seconds < units.seconds) continue;
    return fmt::format("{} {} {:02} {}", seconds / units.seconds, units.large, seconds % units.seconds / units.divisor,
                       units.small);
  }
  return fmt::format("{} s", seconds);
}

std::string format_octet_rate(std::uint64_t octets, milliseconds duration) {
  if (duration.count() <= 0) return "–";
  const double rate = static_cast<double>(octets) * 1000 / static_cast<double>(duration.count());
  return format_octets(rate < 1e19 ? static_cast<std::uint64_t>(rate) : UINT64_MAX) + "/s";
}

std::string format_rate(std::uint64_t count, milliseconds duration, std::string_view what) {
  if (duration.count() <= 0) return "–";
  const double rate = static_cast<double>(count) * 1000 / static_cast<double>(duration.count());
  if (rate < 9.95) return fmt::format("{:.1f} {}/s", rate, what);
  return fmt::format("{} {}/s", format_count(rate < 1e19 ? static_cast<std::uint64_t>(rate + 0.5) : UINT64_MAX), what);
}

std::string format_counted(std::uint64_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", format_count(count), count == 1 ? singular : plural);
}

}  // namespace mailferry
