// What a bridge's status tells of carriers and quotas, in the words of reports.
#pragma once

#include "report/bridge_status.hpp"
#include "sync/carry/carrier.hpp"

#include <vector>

namespace mailferry::services {

[[nodiscard]] report::Health to_health(sync::CarrierState::Phase phase);
void add_quota_status(sync::QuotaGate& gate, report::QuotaStatus& status);
/// Adds the parked messages of a source.
void add_parked(sync::Carrier& carrier, std::vector<report::ParkedStatus>& parked);

}  // namespace mailferry::services
