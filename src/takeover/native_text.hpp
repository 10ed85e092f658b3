// mailferry.toml for a configuration that another tool's file was read as.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"

#include <string>
#include <vector>

namespace mailferry::takeover {

/// The text; only what differs from the defaults. Secrets must be in files, and all paths absolute.
[[nodiscard]] std::string native_text(const config::Config& config);

/// Writes `output` and beside it one file (0600) for each password; what is there already is never replaced. The names
/// of the files that were written, `output` last. Errors: usage (one of them exists; a password of several lines),
/// local_io.
[[nodiscard]] Result<std::vector<std::string>> write_native(config::Config config, const std::string& output);

}  // namespace mailferry::takeover
