#include "config/map_rule.hpp"

#include <fmt/format.h>

namespace mailferry::config {

Result<MapRule> parse_map_rule(std::string_view text) {
  MapRule rule;
  bool separated = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto& side = separated ? rule.to : rule.from;
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '=') {
      side += text[++i];
    } else if (text[i] == '=' && !separated) {
      separated = true;
    } else {
      side += text[i];
    }
  }
  if (separated && !rule.from.empty() && !rule.to.empty()) return rule;
  return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' does not say which mailbox becomes which", text),
              "write FROM=TO, like \"Sent Items=Sent\"");
}

}  // namespace mailferry::config
