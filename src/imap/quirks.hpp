// What servers do that the documents do not say, and what mailferry makes of it: one row each. A workaround cites its
// row ("quirk x19"), is as narrow as the deviation, and looks at what a server does, never at its name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mailferry::imap {

struct Quirk {
  std::string_view id;  // a letter for the family (see docs/quirks.md) and a number; never used again for another one
  std::string_view seen_at;
  std::string_view observed;
  std::string_view done;
};

/// In the order of the ids.
[[nodiscard]] std::span<const Quirk> quirk_table() noexcept;

/// The table of docs/quirks.md with its head.
[[nodiscard]] std::string quirks_markdown();

}  // namespace mailferry::imap
