#include "config/map_rule.hpp"

#include "config/user_text.hpp"

#include <fmt/format.h>

namespace mailferry::config {

Result<MapRule> parse_map_rule(std::string_view text) {
  for (auto at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    if (at > 0 && text[at - 1] == '\\') continue;
    if (at == 0 || at + 1 == text.size()) break;
    return MapRule{.from = std::string(text.substr(0, at)), .to = std::string(text.substr(at + 1))};
  }
  return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' does not say which mailbox becomes which", shown(text)),
              "write FROM=TO, like \"Sent Items=Sent\"");
}

}  // namespace mailferry::config
