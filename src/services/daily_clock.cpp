#include "services/daily_clock.hpp"

#include <ctime>

namespace mailferry::services {

std::chrono::system_clock::time_point next_daily(std::chrono::system_clock::time_point now, int hour) {
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm local{};
  localtime_r(&seconds, &local);
  for (int days = 0; days < 3; ++days) {
    std::tm wanted = local;
    wanted.tm_mday += days;
    wanted.tm_hour = hour;
    wanted.tm_min = 0;
    wanted.tm_sec = 0;
    wanted.tm_isdst = -1;  // whatever holds on that day
    const auto due = std::chrono::system_clock::from_time_t(std::mktime(&wanted));
    if (due > now) return due;
  }
  return now + std::chrono::hours(24);
}

}  // namespace mailferry::services
