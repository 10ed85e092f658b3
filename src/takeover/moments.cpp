#include "takeover/moments.hpp"

#include "base/ascii.hpp"

#include <charconv>

namespace mailferry::takeover {
namespace {

using std::chrono::sys_seconds;

/// Takes exactly `digits` digits from the front; -1: there are not so many.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  for (const char c : text.substr(0, digits))
    if (!is_digit_ascii(c)) return -1;
  int number = 0;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const int year = take_number(text, 4);
  if (year < 0 || !take(text, "-")) return std::nullopt;
  const int month = take_number(text, 2);
  if (month < 0 || !take(text, "-")) return std::nullopt;
  const int day = take_number(text, 2);
  if (day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::seconds> take_time(std::string_view& text) {
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ":")) return std::nullopt;
  const int minute = take_number(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ":")) return std::nullopt;
  const int second = take_number(text, 2);
  if (second < 0 || second > 60) return std::nullopt;
  if (take(text, ".")) text.remove_prefix(std::min(text.size(), text.find_first_not_of("0123456789")));
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

/// "Z", "+02:00" or nothing.
std::optional<std::chrono::seconds> take_zone(std::string_view text) {
  if (text.empty() || text == "Z") return std::chrono::seconds(0);
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const int hours = take_number(text, 2);
  take(text, ":");
  const int minutes = take_number(text, 2);
  if (hours < 0 || minutes < 0 || !text.empty()) return std::nullopt;
  return sign * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
}

}  // namespace

std::optional<sys_seconds> parse_moment(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take(text, " T")) return std::nullopt;
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone) return std::nullopt;
  return sys_seconds(*date) + *time - *zone;
}

}  // namespace mailferry::takeover
