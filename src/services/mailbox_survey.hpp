// Both sides' mailboxes and how they map: what copy, verify and folders begin with.
#pragma once

#include "plan/mailbox_mapping.hpp"
#include "store/store.hpp"
#include "sync/copy_run.hpp"

#include <functional>
#include <vector>

namespace mailferry::services {

struct MailboxSurvey {
  std::vector<store::MailboxInfo> source;
  std::vector<store::MailboxInfo> destination;
  plan::MailboxMapping mapping;
};

/// Lists both sides at the same time and applies the rules.
Task<MailboxSurvey> survey_mailboxes(asio::io_context& context, sync::SessionPair& pair,
                                     const plan::MappingRules& rules);

/// The routes as the engine wants them. `renamed`: the name that the destination had to be given instead of the mapped
/// one, or empty.
[[nodiscard]] std::vector<sync::RouteSpec> to_route_specs(
    const MailboxSurvey& survey, const std::function<MailboxPath(const MailboxPath&)>& renamed);

}  // namespace mailferry::services
