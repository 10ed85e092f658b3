// From the command line of `mailferry bridge` and the file that it names to what shall run.
#pragma once

#include "base/result.hpp"
#include "cli/option_table.hpp"
#include "takeover/any_config.hpp"

namespace mailferry::cli {

/// The configuration, in whichever form it was written, with the options applied: config.bridge is there and its
/// state_file is not empty. Again at each reload. Errors: usage, one line a problem.
[[nodiscard]] Result<takeover::AnyConfig> resolve_bridge(const RawOptions& raw);

/// The state file of the bridge that these options and this configuration mean, whether it runs or not; without
/// [bridge] the one that a bridge has without further words.
[[nodiscard]] Result<std::string> bridge_state_file(const RawOptions& raw, const config::Config& config);

}  // namespace mailferry::cli
