#include "sync/report.hpp"

#include <algorithm>

namespace mailferry::sync {

bool Report::complete() const {
  return !error && !interrupted && failures.empty() && unreadable_mailboxes == 0 &&
         std::ranges::all_of(mailboxes, &MailboxReport::complete);
}

}  // namespace mailferry::sync
