#include "sync/pending_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mailferry::sync {

std::string pending_flags_note(state::RouteId route) {
  return fmt::format("flags:{}", route);
}

std::string to_pending_text(const std::vector<FlagWork>& work) {
  std::string text;
  for (const auto& group : work)
    text += fmt::format("{} {}\n", group.source.to_string(), group.before.united(group.now).to_string());
  return text;
}

std::vector<PendingFlags> parse_pending(std::string_view text) {
  std::vector<PendingFlags> groups;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto blank = std::min(line.find(' '), line.size());
    auto uids = UidSet::parse(line.substr(0, blank));
    if (!uids || uids->empty()) continue;
    groups.push_back({*std::move(uids), Flags::from_string(line.substr(std::min(blank + 1, line.size())))});
  }
  return groups;
}

}  // namespace mailferry::sync
