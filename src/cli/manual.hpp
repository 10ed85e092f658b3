// The parts of the documentation that are made from the tables: docs/configuration.md and packaging/mailferry.1 whole,
// and the tables in docs/manual.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mailferry::cli {

/// "configuration", "exit-codes", "man", and the commands that have a manual page.
[[nodiscard]] std::vector<std::string_view> manual_part_names();
/// Markdown, or man(7) for "man". Error{usage}: no such part.
[[nodiscard]] Result<std::string> manual_part(std::string_view name);

}  // namespace mailferry::cli
