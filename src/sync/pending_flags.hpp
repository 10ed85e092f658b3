// Flags that are about to be stored on the destination: after a crash nobody knows which of them were. Kept as a note
// of the state from before the first STORE until after the last one (DESIGN §2.3).
#pragma once

#include "sync/work.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mailferry::sync {

/// Messages, by their UIDs on the source, and all flags that a run may have given them on the destination.
struct PendingFlags {
  UidSet source;
  Flags flags;
};

/// Key of the note.
[[nodiscard]] std::string pending_flags_note(state::RouteId route);
/// One line for each group: UIDs, a blank, flags.
[[nodiscard]] std::string to_pending_text(const std::vector<FlagWork>& work);
/// What cannot be read is left out: it only makes the next run less thorough.
[[nodiscard]] std::vector<PendingFlags> parse_pending(std::string_view text);

}  // namespace mailferry::sync
