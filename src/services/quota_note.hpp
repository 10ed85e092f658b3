// Where the state keeps what an account moved today.
#pragma once

#include "state/journal.hpp"

#include <optional>
#include <string>

namespace mailferry::services {

/// `account` is "user@host:port"; ports 143 and 993 have one note. Values are on disk.
[[nodiscard]] std::string quota_note(const std::string& account);

/// The note of the pair; one that an earlier version wrote, which kept the ports apart, counts until there is another.
[[nodiscard]] Result<std::optional<std::string>> read_quota_note(state::Journal& journal, state::PairId pair,
                                                                 const std::string& account);

}  // namespace mailferry::services
