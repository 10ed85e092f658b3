// `mailferry verify`: is every message of the source on the destination, with its flags and dates? And `mailferry
// folders`.
#pragma once

#include "base/secret.hpp"
#include "config/account.hpp"
#include "plan/mailbox_mapping.hpp"
#include "services/mailbox_survey.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::services {

struct VerifyRequest {
  config::Account from;
  config::Account to;
  Secret from_secret;
  Secret to_secret;
  plan::MappingRules rules;
  std::string state_file;  // tells where copies brought mail, and what names were refused; need not exist
  bool deep = false;       // compare the content of every message, not only where headers leave doubt
  std::string manifest;    // file to write; empty: none
  std::string against;     // file that was written, to be held against `to` instead of `from`; empty: none
};

enum class Difference { missing, flags, date, content, mailbox };

/// One line of the result.
struct Finding {
  Difference kind = Difference::missing;
  MailboxPath source;  // empty: of no mailbox that has a name
  MailboxPath destination;
  Uid source_uid = 0;
  Uid destination_uid = 0;
  std::string detail;
};

struct VerifyReport {
  struct Mailbox {
    MailboxPath source, destination;
    std::uint64_t on_source = 0, matched = 0, missing = 0, extra = 0, differing = 0;
  };
  std::deque<Mailbox> mailboxes;  // addresses stay valid
  std::vector<Finding> findings;  // the first kMostFindings
  std::uint64_t findings_total = 0;
  std::vector<sync::SkippedMailbox> skipped;
  std::optional<Error> error;
  static constexpr std::size_t kMostFindings = 1000;
};

[[nodiscard]] VerifyReport run_verify(const VerifyRequest& request);

struct FoldersRequest {
  config::Account from;
  std::optional<config::Account> to;
  Secret from_secret;
  Secret to_secret;
  plan::MappingRules rules;
  std::string state_file;  // as above
};

struct FoldersReport {
  MailboxSurvey survey;  // destination and mapping stay empty for one account
  std::optional<Error> error;
};

[[nodiscard]] FoldersReport run_folders(const FoldersRequest& request);

}  // namespace mailferry::services
