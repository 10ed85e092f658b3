// What the state knows of where earlier copies brought mail: for verify and folders, which look and change nothing.
#pragma once

#include "config/account.hpp"
#include "mail/mailbox_path.hpp"
#include "state/journal.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mailferry::services {

/// The routes of a pair by which mailboxes found their own places, oldest first: none that --map made.
Result<std::vector<state::Route>> placed_routes(state::Journal& journal, state::PairId pair);

class EarlierRuns {
 public:
  /// Without a state, and of accounts that it does not know, nothing is known; nor of one that cannot be read, which is
  /// said in a warning.
  EarlierRuns(const std::string& state_file, const config::Account& from, const config::Account& to);

  /// As placed_routes().
  [[nodiscard]] const std::vector<state::Route>& routes() const noexcept { return routes_; }
  /// The name that the destination had to be given instead of `path`, or empty.
  [[nodiscard]] MailboxPath renamed(const MailboxPath& path) const;

 private:
  std::unique_ptr<state::Journal> journal_;  // null: nothing is known
  state::PairId pair_ = 0;
  std::vector<state::Route> routes_;
};

}  // namespace mailferry::services
