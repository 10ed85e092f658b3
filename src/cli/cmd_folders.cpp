// mailferry folders FROM [TO]
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/json_line.hpp"
#include "cli/mapping_options.hpp"
#include "cli/output.hpp"
#include "services/verify.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace mailferry::cli {
namespace {

namespace json = boost::json;

std::string describe(const store::MailboxInfo& mailbox) {
  if (!mailbox.selectable) return "holds no messages";
  std::string text = "status not told";
  if (mailbox.status) {
    text = format_counted(mailbox.status->messages, "message", "messages");
    if (mailbox.status->octets) text += ", " + format_octets(*mailbox.status->octets);
  }
  if (const auto use = to_attribute(mailbox.use); !use.empty()) text += ", " + std::string(use);
  if (mailbox.subscribed) text += ", subscribed";
  if (mailbox.foreign) text += ", of others";
  return text;
}

void print_list(const std::string& account, const std::vector<store::MailboxInfo>& mailboxes,
                std::uint64_t unreadable) {
  print_out("{}: {}\n", sanitize_for_terminal(account), format_counted(mailboxes.size(), "mailbox", "mailboxes"));
  for (const auto& mailbox : mailboxes)
    print_out("  {}: {}\n", sanitize_for_terminal(mailbox.path.to_string()), describe(mailbox));
  if (unreadable > 0)
    print_out("  and {} told in a form that cannot be read\n",
              format_counted(unreadable, "mailbox that is", "mailboxes that are"));
}

void print_mapping(const plan::MailboxMapping& mapping) {
  print_out("A copy would go:\n");
  for (const auto& route : mapping.routes)
    print_out("  {} → {}{} ({})\n", sanitize_for_terminal(route.source.to_string()),
              sanitize_for_terminal(route.destination.to_string()), route.destination_exists ? "" : " [new]",
              sanitize_for_terminal(route.explanation));
  for (const auto& skipped : mapping.skipped)
    print_out("  {}: not copied, {}\n", sanitize_for_terminal(skipped.path.to_string()),
              sanitize_for_terminal(skipped.explanation));
}

json::array to_json(const std::vector<store::MailboxInfo>& mailboxes) {
  json::array array;
  for (const auto& mailbox : mailboxes) {
    json::object object{{"name", mailbox.path.to_string()},
                        {"selectable", mailbox.selectable},
                        {"subscribed", mailbox.subscribed},
                        {"of_others", mailbox.foreign},
                        {"special_use", std::string(to_attribute(mailbox.use))}};
    if (mailbox.status) object["messages"] = mailbox.status->messages;
    if (mailbox.status && mailbox.status->octets) object["octets"] = *mailbox.status->octets;
    array.push_back(std::move(object));
  }
  return array;
}

void print_json(const services::MailboxSurvey& survey, bool both) {
  json::object object{
      {"event", "folders"}, {"source", to_json(survey.source)}, {"source_unreadable", survey.source_unreadable}};
  if (both) {
    json::array routes;
    for (const auto& route : survey.mapping.routes)
      routes.push_back({{"source", route.source.to_string()},
                        {"destination", route.destination.to_string()},
                        {"exists", route.destination_exists},
                        {"reason", route.explanation}});
    object["destination"] = to_json(survey.destination);
    object["destination_unreadable"] = survey.destination_unreadable;
    object["mapping"] = std::move(routes);
  }
  print_json_line(json::serialize(object));
}

}  // namespace

int cmd_folders(const Invocation& invocation) {
  const auto& options = invocation.options;
  auto rules = to_mapping_rules(options);
  if (!rules) return print_error(rules.error(), options.json);
  services::FoldersRequest request{.from = invocation.from,
                                   .to = {},
                                   .from_secret = invocation.from_secret,
                                   .to_secret = invocation.to_secret,
                                   .rules = std::move(*rules),
                                   .state_file = options.state_file};
  if (invocation.has_to) request.to = invocation.to;
  const auto report = services::run_folders(request);
  if (report.error) return print_error(*report.error, options.json);
  if (options.json) {
    print_json(report.survey, invocation.has_to);
    return 0;
  }
  print_list(invocation.from.label(), report.survey.source, report.survey.source_unreadable);
  if (!invocation.has_to) return 0;
  print_list(invocation.to.label(), report.survey.destination, report.survey.destination_unreadable);
  print_mapping(report.survey.mapping);
  return 0;
}

}  // namespace mailferry::cli
