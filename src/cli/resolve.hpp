// From the typed options and the configuration to a complete Invocation.
#pragma once

#include "base/result.hpp"
#include "cli/option_table.hpp"
#include "config/config.hpp"

namespace mailferry::cli {

/// Reads the configuration and completes everything but the secrets. Errors as parse_command_line().
[[nodiscard]] Result<Invocation> resolve(const CommandRow& command, const RawOptions& raw);

}  // namespace mailferry::cli
