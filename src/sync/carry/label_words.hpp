// Labels as keywords, for servers that know no labels.
#pragma once

#include <string>
#include <string_view>

namespace mailferry::sync {

/// The label as a keyword that every server takes as an atom: what an atom cannot hold becomes '_'.
[[nodiscard]] std::string to_keyword(std::string_view label);

}  // namespace mailferry::sync
