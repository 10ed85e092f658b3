// What a bridge's status tells of carriers and quotas, in the words of reports.
#pragma once

#include "report/bridge_status.hpp"
#include "sync/carry/carrier.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace mailferry::services {

/// Adds what a source tells of itself to the status of its account, which may be several sources; `health`: of those
/// before.
void add_carrier(sync::Carrier& carrier, std::optional<report::Health>& health, report::AccountStatus& status);
void add_quota_status(sync::QuotaGate& gate, report::QuotaStatus& status);
/// Says when what is open will have been moved, where a quota makes that later than the network does. `accounts`: the
/// destination, then those of `carriers`.
void add_forecasts(std::deque<sync::Carrier>& carriers, sync::QuotaGate& upload,
                   std::vector<report::AccountStatus>& accounts);
/// Adds the parked messages of a source.
void add_parked(sync::Carrier& carrier, std::vector<report::ParkedStatus>& parked);

}  // namespace mailferry::services
