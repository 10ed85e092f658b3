#include "services/mailbox_survey.hpp"

#include "async/task_scope.hpp"

#include <algorithm>

namespace mailferry::services {
namespace {

std::vector<plan::KnownMailbox> to_known(const std::vector<store::MailboxInfo>& mailboxes) {
  std::vector<plan::KnownMailbox> known;
  for (const auto& mailbox : mailboxes)
    known.push_back({.path = mailbox.path,
                     .use = mailbox.use,
                     .selectable = mailbox.selectable,
                     .subscribed = mailbox.subscribed,
                     .messages = mailbox.status ? mailbox.status->messages : 0});
  return known;
}

const store::MailboxInfo* find(const std::vector<store::MailboxInfo>& mailboxes, const MailboxPath& path) {
  const auto found = std::ranges::find(mailboxes, path, &store::MailboxInfo::path);
  return found == mailboxes.end() ? nullptr : &*found;
}

Task<> list_into(store::Session* session, std::vector<store::MailboxInfo>* mailboxes, bool with_octets) {
  CO_TRY(*mailboxes, co_await session->list(with_octets));
  co_return Result<>{};
}

}  // namespace

Task<MailboxSurvey> survey_mailboxes(asio::io_context& context, sync::SessionPair& pair,
                                     const plan::MappingRules& rules) {
  MailboxSurvey survey;
  async::TaskScope scope(context);
  scope.spawn("list the source", list_into(pair.source.get(), &survey.source, true));
  scope.spawn("list the destination", list_into(pair.destination.get(), &survey.destination, false));
  CO_CHECK(co_await scope.join());
  const auto source = to_known(survey.source);
  const auto destination = to_known(survey.destination);
  plan::NamingLimits limits;
  limits.separator = pair.destination->traits().separator;
  CO_TRY(survey.mapping, plan::map_mailboxes(source, destination, limits, rules));
  co_return survey;
}

std::vector<sync::RouteSpec> to_route_specs(const MailboxSurvey& survey,
                                            const std::function<MailboxPath(const MailboxPath&)>& renamed) {
  std::vector<sync::RouteSpec> specs;
  for (const auto& route : survey.mapping.routes) {
    const auto* source = find(survey.source, route.source);
    if (source == nullptr) continue;
    sync::RouteSpec spec{.source = route.source, .destination = route.destination, .reason = route.explanation};
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
