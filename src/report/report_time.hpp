// When the daily work is due: at a full hour of local time, once a day, also where summer time begins or ends.
#pragma once

#include "report/bridge_status.hpp"

namespace mailferry::report {

/// The next time after `now` at which the clock on the wall shows `hour`:00 (0 to 23). An hour that comes twice counts
/// the first time; one that is left out counts where the clock goes on.
[[nodiscard]] WallTime next_report_time(WallTime now, int hour);

}  // namespace mailferry::report
