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
  /// Mailboxes that the server told in a form that cannot be read.
  std::uint64_t source_unreadable = 0;
  std::uint64_t destination_unreadable = 0;
  plan::MailboxMapping mapping;
};

/// Of the unreadable ones of the source: those that may be among what was asked for.
[[nodiscard]] std::uint64_t missed_mailboxes(const MailboxSurvey& survey, const plan::MappingRules& rules);

/// Lists both sides at the same time and applies the rules. `stored`: the routes of earlier runs, oldest first; a
/// mailbox stays where they brought it, as long as both sides have the mailboxes that are meant.
Task<MailboxSurvey> survey_mailboxes(asio::io_context& context, sync::SessionPair& pair,
                                     const plan::MappingRules& rules, const std::vector<state::Route>& stored);

/// What is left out of a copy, for its report.
[[nodiscard]] std::vector<sync::SkippedMailbox> skipped_mailboxes(const MailboxSurvey& survey);

/// The routes as the engine wants them. `renamed`: the name that the destination had to be given instead of the mapped
/// one, or empty.
[[nodiscard]] std::vector<sync::RouteSpec> to_route_specs(
    const MailboxSurvey& survey, const std::function<MailboxPath(const MailboxPath&)>& renamed);

}  // namespace mailferry::services
