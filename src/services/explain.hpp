// `mailferry explain`: what the source, the state and the destination know of one message, and what follows.
#pragma once

#include "base/secret.hpp"
#include "config/account.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/uid.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mailferry::services {

struct ExplainRequest {
  config::Account from;
  std::optional<config::Account> to;  // absent: only what the state knows of destinations
  Secret from_secret;
  Secret to_secret;
  MailboxPath mailbox;
  Uid uid = 0;
  std::string state_file;
};

/// One sentence, and who knows it.
struct ExplainFact {
  std::string topic;  // "source", "subject" (its raw value), "state", "destination", "so"
  std::string text;
};

struct ExplainReport {
  std::vector<ExplainFact> facts;
  std::optional<Error> error;
};

[[nodiscard]] ExplainReport run_explain(const ExplainRequest& request);

}  // namespace mailferry::services
