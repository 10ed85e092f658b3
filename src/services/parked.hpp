// The parked messages of a bridge that does not run, from its state file.
#pragma once

#include "base/result.hpp"
#include "report/bridge_status.hpp"

#include <string>
#include <vector>

namespace mailferry::services {

/// As the state file tells, while no bridge runs with it. Error{network}: there is no such file; else those of the
/// state.
[[nodiscard]] Result<std::vector<report::ParkedStatus>> read_parked(const std::string& state_file);

}  // namespace mailferry::services
