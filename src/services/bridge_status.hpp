// The status of a bridge under the names that services use; it is told by the room report.
#pragma once

#include "report/bridge_status.hpp"

namespace mailferry::services {

using report::AccountStatus;
using report::BridgeStatus;
using report::Health;
using report::ParkedStatus;
using report::QuotaStatus;
using report::to_word;
using report::WallTime;

}  // namespace mailferry::services
