#include "state/mailbox_key.hpp"

#include <fmt/format.h>

#include <vector>

namespace mailferry::state {
namespace {

constexpr char kSeparator = '/';
constexpr char kEscape = '\\';

}  // namespace

std::string to_mailbox_key(const MailboxPath& path) {
  std::string key;
  for (const std::string& component : path.components()) {
    if (&component != &path.components().front()) key += kSeparator;
    for (const char octet : component) {
      if (octet == kSeparator || octet == kEscape) key += kEscape;
      key += octet;
    }
  }
  return key;
}

Result<MailboxPath> parse_mailbox_key(std::string_view key) {
  if (key.empty()) return MailboxPath();
  std::vector<std::string> components(1);
  for (std::size_t at = 0; at < key.size(); ++at) {
    if (key[at] == kSeparator) {
      components.emplace_back();
      continue;
    }
    if (key[at] == kEscape) {
      ++at;
      if (at == key.size() || (key[at] != kSeparator && key[at] != kEscape)) {
        return fail(ErrorKind::state_corrupt, Scope::mailbox,
                    fmt::format("\"{}\" is not a mailbox of a state file", key),
                    "restore the state file from a backup, or move it away to begin a new one");
      }
    }
    components.back() += key[at];
  }
  return MailboxPath(std::move(components));
}

}  // namespace mailferry::state
