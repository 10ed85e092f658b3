#include "report/report_time.hpp"

#include "report/wall_text.hpp"

#include <ctime>
#include <optional>

namespace mailferry::report {
namespace {

std::tm local_parts(std::time_t time) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  return parts;
}

/// The moment that is told so with (1) or without (0) summer time; nothing: there is none.
std::optional<std::time_t> moment_of(const std::tm& day, int hour, int summer) {
  std::tm parts = day;
  parts.tm_hour = hour;
  parts.tm_isdst = summer;
  const auto time = std::mktime(&parts);
  const auto told = local_parts(time);
  if (told.tm_hour != hour || told.tm_min != 0 || told.tm_isdst != summer) return {};
  return time;
}

/// `day` is a date at midnight, which need not exist itself.
std::time_t moment_on(const std::tm& day, int hour) {
  const auto with = moment_of(day, hour, 1);
  const auto without = moment_of(day, hour, 0);
  if (with && without) return std::min(*with, *without);
  if (with || without) return with ? *with : *without;
  std::tm parts = day;
  parts.tm_hour = hour;
  parts.tm_isdst = -1;
  return std::mktime(&parts);
}

}  // namespace

WallTime next_report_time(WallTime now, int hour) {
  const auto present = static_cast<std::time_t>(to_seconds(now));
  auto day = local_parts(present);
  day.tm_hour = day.tm_min = day.tm_sec = 0;
  auto due = moment_on(day, hour);
  for (int later = 1; due <= present && later < 4; ++later) {
    std::tm next = day;
    next.tm_mday += later;  // mktime() carries over into the month
    due = moment_on(next, hour);
  }
  return std::chrono::system_clock::from_time_t(due);
}

}  // namespace mailferry::report
