// --mailbox, --exclude and --map as the rules of the mapping.
#pragma once

#include "cli/options.hpp"
#include "plan/mailbox_pattern.hpp"

namespace mailferry::cli {

/// Error{usage} for a pattern that cannot be understood.
[[nodiscard]] Result<plan::MappingRules> to_mapping_rules(const Options& options);
[[nodiscard]] Result<plan::MappingRules> to_mapping_rules(const std::vector<std::string>& mailbox,
                                                          const std::vector<std::string>& exclude,
                                                          const std::vector<config::MapRule>& map);

}  // namespace mailferry::cli
