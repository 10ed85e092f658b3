// Which parked messages somebody means: all, or those with a UID, in an account and mailbox where that is not clear.
#pragma once

#include "base/result.hpp"
#include "report/bridge_status.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::report {

struct FailureSelection {
  bool all = false;
  std::uint32_t uid = 0;
  std::string account{};  // empty: any
  std::string mailbox{};  // empty: any
};

/// JSON between `mailferry failures --clear` and the bridge.
[[nodiscard]] std::string to_json(const FailureSelection& selection);
[[nodiscard]] Result<FailureSelection> parse_failure_selection(std::string_view json);

/// "all" or a UID. Error{usage}.
[[nodiscard]] Result<FailureSelection> read_failure_selection(std::string_view text);

/// The messages that are meant. Error{message_missing}: none is; Error{usage}: a UID alone means messages of several
/// mailboxes.
[[nodiscard]] Result<std::vector<ParkedStatus>> select(const std::vector<ParkedStatus>& parked,
                                                       const FailureSelection& selection);

}  // namespace mailferry::report
