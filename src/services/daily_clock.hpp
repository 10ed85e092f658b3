// When the daily work is due, by the clock on the wall.
#pragma once

#include <chrono>

namespace mailferry::services {

/// The next time after `now` at which the local clock shows `hour`:00 (on a day on which it never does, an hour later).
[[nodiscard]] std::chrono::system_clock::time_point next_daily(std::chrono::system_clock::time_point now, int hour);

}  // namespace mailferry::services
