// The --json form of a copy: one object a line.
#include "cli/copy_view.hpp"
#include "cli/json_line.hpp"
#include "cli/skipped_view.hpp"
#include "mime/decoded_text.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace mailferry::cli {
namespace {

namespace json = boost::json;

void print_line(const json::object& object) {
  print_json_line(json::serialize(object));
  std::fflush(stdout);
}

json::object to_json(const Error& error) {
  return {{"message", error.describe()}, {"remedy", error.remedy}};
}

json::object to_json(const sync::MailboxReport& mailbox) {
  json::object object{{"source", mailbox.source.to_string()},
                      {"destination", mailbox.destination.to_string()},
                      {"reason", mailbox.reason},
                      {"on_source", mailbox.on_source},
                      {"planned", mailbox.planned},
                      {"copied", mailbox.copied},
                      {"copied_octets", mailbox.copied_octets},
                      {"already_there", mailbox.present + mailbox.recovered},
                      {"gone", mailbox.gone},
                      {"failed", mailbox.failed},
                      {"unlisted", mailbox.unlisted},
                      {"flags_planned", mailbox.flags_planned},
                      {"flags_updated", mailbox.flags_updated},
                      {"created", mailbox.created}};
  if (mailbox.planned_octets) object["planned_octets"] = *mailbox.planned_octets;
  if (mailbox.error) object["error"] = to_json(*mailbox.error);
  return object;
}

json::array to_json(const std::deque<sync::MailboxReport>& mailboxes) {
  json::array array;
  for (const auto& mailbox : mailboxes)
    array.push_back(to_json(mailbox));
  return array;
}

}  // namespace

void CopyView::print_plan_json(const sync::Report& plan) const {
  print_line({{"event", "plan"},
              {"from", from_},
              {"to", to_},
              {"messages", plan.sum(&sync::MailboxReport::planned)},
              {"mailboxes", to_json(plan.mailboxes)},
              {"skipped", to_json(plan.skipped)}});
}

void CopyView::print_progress_json(const sync::Progress& progress, std::chrono::milliseconds elapsed) const {
  print_line({{"event", "progress"},
              {"phase", progress.phase},
              {"mailbox", progress.mailbox.to_string()},
              {"messages", progress.settled_messages},
              {"planned", progress.planned_messages},
              {"octets", progress.sent_octets},
              {"connections", progress.connections},
              {"elapsed_ms", elapsed.count()}});
}

void CopyView::print_report_json(const sync::Report& report, int exit_code) const {
  json::array failures;
  for (const auto& failure : report.failures)
    failures.push_back({{"mailbox", failure.mailbox.to_string()},
                        {"uid", failure.uid},
                        {"subject", mime::decode_header_text(failure.subject)},
                        {"reason", failure.reason},
                        {"remedy", remedy_of(failure)}});
  json::array warnings;
  for (const auto& warning : report.warnings)
    warnings.push_back(json::string(warning));
  json::object object{{"event", "report"},
                      {"exit_code", exit_code},
                      {"complete", report.complete()},
                      {"interrupted", report.interrupted},
                      {"copied", report.sum(&sync::MailboxReport::copied)},
                      {"copied_octets", report.sum(&sync::MailboxReport::copied_octets)},
                      {"failed", report.failures.size()},
                      {"unreadable_mailboxes", report.unreadable_mailboxes},
                      {"elapsed_ms", std::chrono::duration_cast<std::chrono::milliseconds>(report.elapsed).count()},
                      {"source_commands", report.source_commands},
                      {"destination_commands", report.destination_commands},
                      {"mailboxes", to_json(report.mailboxes)},
                      {"failures", std::move(failures)},
                      {"warnings", std::move(warnings)}};
  if (report.error) object["error"] = to_json(*report.error);
  print_line(object);
}

}  // namespace mailferry::cli
