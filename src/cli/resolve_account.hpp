// One side of the command line: a URL or the name of an account, with the --from-… or --to-… options on top.
#pragma once

#include "base/result.hpp"
#include "cli/option_table.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>

namespace mailferry::cli {

/// `side` is "from" or "to". Errors: usage.
[[nodiscard]] Result<config::Account> resolve_account(std::string_view side, const std::string& text,
                                                      const RawSide& raw, const config::Config& config);

/// An account of mailferry.toml. Errors: usage, with the nearest name.
[[nodiscard]] Result<config::Account> named_account(const std::string& name, const config::Config& config);

}  // namespace mailferry::cli
