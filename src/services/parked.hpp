// The parked messages of a bridge that does not run, from its state file.
#pragma once

#include "base/result.hpp"
#include "report/bridge_status.hpp"

#include <string>
#include <vector>

namespace mailferry::services {

/// Error{network}: only a bridge that runs can tell; else those of the state file.
[[nodiscard]] Result<std::vector<report::ParkedStatus>> read_parked(const std::string& state_file);

}  // namespace mailferry::services
