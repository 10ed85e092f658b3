#include "cli/mapping_options.hpp"

namespace mailferry::cli {

Result<plan::MappingRules> to_mapping_rules(const Options& options) {
  std::vector<std::string> map;
  for (const auto& rule : options.map)
    map.push_back(rule.from + "=" + rule.to);
  return plan::MappingRules::parse(options.mailbox, options.exclude, map);
}

}  // namespace mailferry::cli
