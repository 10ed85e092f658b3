#include "services/mailbox_survey.hpp"

#include "async/task_scope.hpp"
#include "state/mailbox_key.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace mailferry::services {
namespace {

std::vector<plan::KnownMailbox> to_known(const std::vector<store::MailboxInfo>& mailboxes) {
  std::vector<plan::KnownMailbox> known;
  for (const auto& mailbox : mailboxes)
    known.push_back({.path = mailbox.path,
                     .use = mailbox.use,
                     .selectable = mailbox.selectable,
                     .subscribed = mailbox.subscribed,
                     .messages = mailbox.status ? mailbox.status->messages : 0,
                     .foreign = mailbox.foreign});
  return known;
}

const store::MailboxInfo* find(const std::vector<store::MailboxInfo>& mailboxes, const MailboxPath& path) {
  const auto found = std::ranges::find(mailboxes, path, &store::MailboxInfo::path);
  return found == mailboxes.end() ? nullptr : &*found;
}

const store::MailboxInfo* find_in_any_case(const std::vector<store::MailboxInfo>& mailboxes, const MailboxPath& path) {
  if (const auto* mailbox = find(mailboxes, path)) return mailbox;
  const auto found = std::ranges::find(mailboxes, path.caseless(),
                                       [](const store::MailboxInfo& mailbox) { return mailbox.path.caseless(); });
  return found == mailboxes.end() ? nullptr : &*found;
}

/// Of a mailbox that does not tell its UIDVALIDITY in the list nobody knows better.
bool is_the_one(const store::MailboxInfo* mailbox, UidValidity validity) {
  if (mailbox == nullptr || !mailbox->selectable) return false;
  const auto now = mailbox->status ? mailbox->status->uid_validity : 0;
  return now == 0 || now == validity;
}

/// Where mail of the source's mailboxes is by what the state knows, as the destination lists it.
std::vector<plan::Home> find_homes(const MailboxSurvey& survey, const std::vector<state::Route>& stored,
                                   bool caseless) {
  const auto find_there = caseless ? find_in_any_case : find;
  std::vector<plan::Home> homes;
  for (const auto& route : stored) {
    auto source = state::parse_mailbox_key(route.source_mailbox);
    auto destination = state::parse_mailbox_key(route.destination_mailbox);
    if (!source || !destination || route.source_validity == 0) continue;
    const auto* home = find_there(survey.destination, *destination);
    if (!is_the_one(find(survey.source, *source), route.source_validity)) continue;
    if (!is_the_one(home, route.destination_validity)) continue;
    homes.push_back({std::move(*source), home->path});
  }
  return homes;
}

/// What would be made, and is listed in another case; with the mailbox that is.
std::optional<std::pair<MailboxPath, UidValidity>> find_other_case(const MailboxSurvey& survey) {
  std::map<MailboxPath, const store::MailboxInfo*> listed;
  for (const auto& mailbox : survey.destination) {
    if (mailbox.selectable) listed.emplace(mailbox.path.caseless(), &mailbox);
  }
  for (const auto& preparation : survey.mapping.preparations) {
    if (!preparation.create) continue;
    const auto other = listed.find(preparation.mailbox.caseless());
    if (other == listed.end()) continue;
    const auto& status = other->second->status;
    return std::pair(preparation.mailbox, status ? status->uid_validity : 0);
  }
  return std::nullopt;
}

/// Whether the destination opens a mailbox by a name that it lists in another case (quirk x15).
Task<bool> knows_no_case(store::Session& destination, const MailboxSurvey& survey) {
  const auto wanted = find_other_case(survey);
  if (!wanted) co_return false;
  std::vector<store::ScanRequest> requests(1);
  requests.front().mailbox = wanted->first;
  requests.front().uid_validity = wanted->second;
  requests.front().uids = UidSet{};
  const std::vector<store::MetaSink*> sinks{nullptr};
  CO_TRY(const auto opened, co_await destination.scan(requests, sinks));
  co_return opened.front().has_value();
}

Task<> list_into(store::Session* session, store::MailboxList* list, bool with_octets) {
  CO_TRY(*list, co_await session->list(with_octets));
  co_return Result<>{};
}

}  // namespace

std::vector<sync::SkippedMailbox> skipped_mailboxes(const MailboxSurvey& survey) {
  std::vector<sync::SkippedMailbox> all;
  for (const auto& skipped : survey.mapping.skipped)
    all.push_back({.mailbox = skipped.path,
                   .reason = skipped.explanation,
                   .of_others = skipped.reason == plan::SkipReason::belongs_to_others});
  return all;
}

/// A --mailbox without wildcards that names none of those that can be read is told of on its own.
std::uint64_t missed_mailboxes(const MailboxSurvey& survey, const plan::MappingRules& rules) {
  const bool each_is_named =
      !rules.include.empty() &&
      std::ranges::all_of(rules.include, [](const plan::MailboxPattern& pattern) { return pattern.wildcards() == 0; });
  return each_is_named ? 0 : survey.source_unreadable;
}

Task<MailboxSurvey> survey_mailboxes(asio::io_context& context, sync::SessionPair& pair,
                                     const plan::MappingRules& rules, const std::vector<state::Route>& stored) {
  MailboxSurvey survey;
  async::TaskScope scope(context);
  store::MailboxList listed, listed_there;
  scope.spawn("list the source", list_into(pair.source.get(), &listed, true));
  scope.spawn("list the destination", list_into(pair.destination.get(), &listed_there, false));
  CO_CHECK(co_await scope.join());
  survey.source = std::move(listed.mailboxes);
  survey.source_unreadable = listed.unreadable;
  survey.destination = std::move(listed_there.mailboxes);
  survey.destination_unreadable = listed_there.unreadable;
  const auto source = to_known(survey.source);
  const auto destination = to_known(survey.destination);
  plan::NamingLimits limits;
  limits.separator = pair.destination->traits().separator;
  limits.is_of_others = listed_there.is_of_others;
  CO_TRY(survey.mapping, plan::map_mailboxes(source, destination, limits, rules, find_homes(survey, stored, false)));
  CO_TRY(limits.caseless, co_await knows_no_case(*pair.destination, survey));
  if (limits.caseless) {
    CO_TRY(survey.mapping, plan::map_mailboxes(source, destination, limits, rules, find_homes(survey, stored, true)));
  }
  co_return survey;
}

std::vector<sync::RouteSpec> to_route_specs(const MailboxSurvey& survey,
                                            const std::function<MailboxPath(const MailboxPath&)>& renamed) {
  std::vector<sync::RouteSpec> specs;
  for (const auto& route : survey.mapping.routes) {
    const auto* source = find(survey.source, route.source);
    if (source == nullptr) continue;
    sync::RouteSpec spec{.source = route.source,
                         .destination = route.destination,
                         .reason = route.explanation,
                         .by_map = route.reason == plan::RouteReason::mapped};
    spec.source_status = source->status.value_or(store::MailboxStatus{});
    const auto preparation =
        std::ranges::find(survey.mapping.preparations, route.destination, &plan::Preparation::mailbox);
    if (preparation != survey.mapping.preparations.end()) {
      spec.use = preparation->use;
      spec.create = preparation->create;
      spec.subscribe = preparation->subscribe;
    }
    if (auto other = renamed(route.destination); !other.empty()) {
      spec.destination = std::move(other);
      spec.reason += "; the destination refused \"" + route.destination.to_string() + "\" as a name";
    }
    if (const auto* destination = find(survey.destination, spec.destination);
        destination != nullptr && destination->selectable) {
      spec.destination_status = destination->status.value_or(store::MailboxStatus{});
      spec.create = false;
      spec.subscribe = spec.subscribe && !destination->subscribed;
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace mailferry::services
