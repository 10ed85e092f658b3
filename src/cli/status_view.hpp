// The status of a bridge and its parked messages as text for a terminal.
#pragma once

#include "report/bridge_status.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mailferry::cli {

/// A heading, what is wrong, a line for each account, quotas. Lines are as wide as the longest account needs, at most
/// `width` columns as long as that leaves the account 20.
[[nodiscard]] std::string status_text(const report::BridgeStatus& status, report::WallTime now, std::size_t width);

/// A block for each message: where it is, why it is parked, what can be done.
[[nodiscard]] std::string failures_text(const std::vector<report::ParkedStatus>& parked, report::WallTime now);

/// "healthy", or the verdict and its reasons in one line.
[[nodiscard]] std::string check_text(const report::BridgeStatus& status);

}  // namespace mailferry::cli
