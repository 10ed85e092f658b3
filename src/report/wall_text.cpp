#include "report/wall_text.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <ctime>

namespace mailferry::report {
namespace {

using std::chrono::seconds;

constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";

std::tm local_parts(WallTime time) {
  const auto count = static_cast<std::time_t>(to_seconds(time));
  std::tm parts{};
  ::localtime_r(&count, &parts);
  return parts;
}

bool has_shape(std::string_view text) {
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == 'd' ? !is_digit_ascii(text[i]) : text[i] != kShape[i]) return false;
  }
  return true;
}

int number(std::string_view text, std::size_t begin, std::size_t length) {
  int value = 0;
  for (const char digit : text.substr(begin, length))
    value = value * 10 + (digit - '0');
  return value;
}

}  // namespace

std::int64_t to_seconds(WallTime time) noexcept {
  return std::chrono::floor<seconds>(time).time_since_epoch().count();
}

std::string to_utc_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time) - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<WallTime> parse_utc_text(std::string_view text) {
  if (!has_shape(text)) return {};
  const std::chrono::year_month_day date(std::chrono::year(number(text, 0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(text, 5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(text, 8, 2))));
  const int hour = number(text, 11, 2);
  const int minute = number(text, 14, 2);
  const int second = number(text, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return {};
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute);
  return std::chrono::time_point_cast<WallTime::duration>(time + seconds(second));
}

std::string to_local_text(WallTime time) {
  const auto parts = local_parts(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string to_local_date(WallTime time) {
  return to_local_text(time).substr(0, std::string_view("2026-11-21").size());
}

}  // namespace mailferry::report
