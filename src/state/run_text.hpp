// How a row of the table `settled` tells many runs in one text; docs/formats/state.md has the grammar.
#pragma once

#include "state/journal.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::state {

/// The runs must ascend and must not overlap; there is at least one.
[[nodiscard]] std::string to_text(std::span<const SettledRun> runs);

/// The runs of a row whose first source UID is `first`; nullopt: the text is none that to_text() writes, or names UIDs
/// that no mailbox can have.
[[nodiscard]] std::optional<std::vector<SettledRun>> parse_runs(Uid first, std::string_view text);

}  // namespace mailferry::state
