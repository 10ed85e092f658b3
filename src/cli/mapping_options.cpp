#include "cli/mapping_options.hpp"

namespace mailferry::cli {

Result<plan::MappingRules> to_mapping_rules(const std::vector<std::string>& mailbox,
                                            const std::vector<std::string>& exclude,
                                            const std::vector<config::MapRule>& map) {
  std::vector<std::string> rules;
  for (const auto& rule : map)
    rules.push_back(rule.from + "=" + rule.to);
  return plan::MappingRules::parse(mailbox, exclude, rules);
}

Result<plan::MappingRules> to_mapping_rules(const Options& options) {
  return to_mapping_rules(options.mailbox, options.exclude, options.map);
}

}  // namespace mailferry::cli
