// The mailboxes that a copy or a verification leaves out, as lines and as JSON.
#pragma once

#include "sync/report.hpp"

#include <boost/json/array.hpp>

#include <string_view>
#include <vector>

namespace mailferry::cli {

enum class SkippedDetail {
  surprising,  // the first of those that nobody asked to leave out, and how many there are
  all,
};

/// One line each; `what` is not done with them: "copied".
void print_skipped(const std::vector<sync::SkippedMailbox>& skipped, std::string_view what, SkippedDetail detail);

/// All, as {"mailbox": …, "reason": …}.
[[nodiscard]] boost::json::array to_json(const std::vector<sync::SkippedMailbox>& skipped);

}  // namespace mailferry::cli
