// From the command line of `mailferry bridge` and the file that it names to what shall run.
#pragma once

#include "base/result.hpp"
#include "cli/option_table.hpp"
#include "takeover/any_config.hpp"

namespace mailferry::cli {

/// The configuration, in whichever form it was written, with the options applied: config.bridge is there and its
/// state_file is not empty. Again at each reload. Errors: usage, one line a problem.
[[nodiscard]] Result<takeover::AnyConfig> resolve_bridge(const RawOptions& raw);

}  // namespace mailferry::cli
