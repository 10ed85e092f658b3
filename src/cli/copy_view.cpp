#include "cli/copy_view.hpp"

#include "base/units.hpp"
#include "base/utf8.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/output.hpp"
#include "cli/skipped_view.hpp"
#include "cli/terminal.hpp"
#include "mime/decoded_text.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace mailferry::cli {
namespace {

constexpr std::chrono::seconds kPlainLineEvery{5};
/// Rates of other copies, for the estimate of a dry run (docs/benchmarks.md); only an order of magnitude.
constexpr double kGuessedMessagesPerSecond = 1000;
constexpr double kGuessedOctetsPerSecond = 20e6;

std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

std::string shown(const MailboxPath& path) {
  return sanitize_for_terminal(path.to_string());
}

std::optional<std::uint64_t> planned_octets(const sync::Report& report) {
  std::uint64_t total = 0;
  for (const auto& mailbox : report.mailboxes) {
    if (mailbox.planned == 0) continue;
    if (!mailbox.planned_octets) return std::nullopt;
    total += *mailbox.planned_octets;
  }
  return total;
}

std::string estimate(std::uint64_t messages, std::optional<std::uint64_t> octets) {
  const double by_count = static_cast<double>(messages) / kGuessedMessagesPerSecond;
  const double by_size = static_cast<double>(octets.value_or(0)) / kGuessedOctetsPerSecond;
  const auto seconds = std::max({by_count, by_size, 1.0});
  return format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

}  // namespace

std::string remedy_of(const sync::Failure& failure) {
  return failure.remedy.empty() ? "if that does not say enough, ask the server's administrator" : failure.remedy;
}

int exit_code_of(const sync::Report& report) {
  if (report.interrupted) return to_int(ExitCode::interrupted);
  if (report.error) return exit_code(*report.error);
  return to_int(report.complete() ? ExitCode::ok : ExitCode::incomplete);
}

CopyView::CopyView(const Options& options, std::string from, std::string to)
    : options_(options), from_(std::move(from)), to_(std::move(to)), on_terminal_(isatty(STDERR_FILENO) == 1) {}

bool CopyView::confirm(const sync::Report& plan) {
  begin_ = std::chrono::steady_clock::now();
  next_line_ = begin_ + kPlainLineEvery;
  if (options_.json) {
    print_plan_json(plan);
  } else if (options_.dry_run || options_.explain || !options_.quiet) {
    print_plan(plan);
  }
  const bool work = plan.sum(&sync::MailboxReport::planned) + plan.sum(&sync::MailboxReport::flags_planned) > 0;
  if (options_.yes || options_.dry_run || options_.json || !work || !is_interactive()) return true;
  refused_ = !ask_yes_no("Go on?");
  return !refused_;
}

void CopyView::print_plan(const sync::Report& plan) const {
  const auto messages = plan.sum(&sync::MailboxReport::planned);
  const auto octets = planned_octets(plan);
  print_out("{} → {}\n", sanitize_for_terminal(from_), sanitize_for_terminal(to_));
  for (const auto& mailbox : plan.mailboxes) {
    const bool idle = mailbox.planned == 0 && mailbox.flags_planned == 0 && !mailbox.created && !mailbox.error;
    if (idle && !options_.explain && !options_.verbose) continue;
    print_out(
        "  {} → {}: {} to copy{}, {} there already{}{}\n", shown(mailbox.source), shown(mailbox.destination),
        format_count(mailbox.planned),
        mailbox.planned_octets ? " (" + format_octets(*mailbox.planned_octets) + ")" : "",
        format_count(mailbox.present),
        mailbox.flags_planned > 0 ? fmt::format(", flags of {} to update", format_count(mailbox.flags_planned)) : "",
        mailbox.created ? ", mailbox to be created" : "");
    if (options_.explain && !mailbox.reason.empty())
      print_out("      because {}\n", sanitize_for_terminal(mailbox.reason));
    if (mailbox.error) print_out("      problem: {}\n", mailbox.error->describe());
  }
  const bool all = options_.explain || options_.verbose;
  print_skipped(plan.skipped, "copied", all ? SkippedDetail::all : SkippedDetail::surprising);
  print_out("Planned: {} in {}{}", format_counted(messages, "message", "messages"),
            format_counted(plan.mailboxes.size(), "mailbox", "mailboxes"), octets ? ", " + format_octets(*octets) : "");
  if (options_.dry_run && messages > 0) print_out(", roughly {}", estimate(messages, octets));
  print_out("\n");
  if (options_.dry_run) print_out("Dry run: nothing was changed.\n");
  std::fflush(stdout);
}

std::string CopyView::progress_line(const sync::Progress& progress, std::chrono::milliseconds elapsed) const {
  auto line = fmt::format("{}/{} messages, {}, {}", format_count(progress.settled_messages),
                          format_count(progress.planned_messages), format_octets(progress.sent_octets),
                          format_octet_rate(progress.sent_octets, elapsed));
  if (progress.settled_messages > 0 && progress.planned_messages > progress.settled_messages) {
    const auto left = static_cast<double>(progress.planned_messages - progress.settled_messages) /
                      static_cast<double>(progress.settled_messages) * static_cast<double>(elapsed.count());
    line += ", " + format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(left))) + " left";
  }
  if (!progress.mailbox.empty()) line += "  " + shown(progress.mailbox);
  return line;
}

void CopyView::progress(const sync::Progress& progress, const sync::Report& report) {
  if (options_.quiet) return;
  const auto elapsed = since(begin_);
  if (on_terminal_ && !options_.json) {
    const auto line = progress_line(progress, elapsed).substr(0, 200);
    print_err("\r{:<{}}", line, shown_width_);
    shown_width_ = line.size();
    std::fflush(stderr);
    return;
  }
  if (std::chrono::steady_clock::now() < next_line_) return;
  next_line_ = std::chrono::steady_clock::now() + kPlainLineEvery;
  if (options_.json) {
    print_progress_json(progress, elapsed);
    return;
  }
  print_err("{}\n", progress_line(progress, elapsed));
  for (const auto& mailbox : report.mailboxes) {
    auto& told = told_[mailbox.source];
    if (mailbox.copied == told) continue;
    told = mailbox.copied;
    print_err("  {}: {}/{} messages, {}\n", shown(mailbox.source), format_count(mailbox.copied + mailbox.recovered),
              format_count(mailbox.planned), format_octets(mailbox.copied_octets));
  }
}

void CopyView::clear_progress() {
  if (shown_width_ == 0) return;
  print_err("\r{:<{}}\r", "", shown_width_);
  std::fflush(stderr);
  shown_width_ = 0;
}

void CopyView::stopping() {
  clear_progress();
  if (!options_.quiet) print_err("Interrupted: finishing what is on its way. Run the same command again to go on.\n");
}

int CopyView::finish(const sync::Report& report) {
  clear_progress();
  const bool planned_only = (options_.dry_run || refused_) && !report.error;
  const bool sound =
      report.unreadable_mailboxes == 0 &&
      std::ranges::none_of(report.mailboxes, [](const auto& mailbox) { return mailbox.error.has_value(); });
  const int code = planned_only && sound ? to_int(ExitCode::ok) : exit_code_of(report);
  if (options_.json) {
    print_report_json(report, code);
  } else {
    print_report(report);
  }
  return code;
}

void CopyView::print_report(const sync::Report& report) const {
  if (refused_) {
    print_out("Nothing was changed.\n");
    return;
  }
  for (const auto& warning : report.warnings)
    print_err("warning: {}\n", sanitize_for_terminal(warning));
  for (const auto& mailbox : report.mailboxes) {
    if (mailbox.error)
      print_err("{}: {}{}\n", shown(mailbox.source), mailbox.error->describe(),
                mailbox.error->remedy.empty() ? "" : " — " + mailbox.error->remedy);
    if (mailbox.unlisted > 0)
      print_err(
          "{}: the source counts {} than it lists, which are not copied — run again; if they stay away, ask the "
          "source's administrator to repair the mailbox\n",
          shown(mailbox.source), format_counted(mailbox.unlisted, "message more", "messages more"));
    const bool idle = mailbox.planned == 0 && mailbox.flags_updated == 0 && mailbox.complete();
    if (options_.quiet || options_.dry_run || (idle && !options_.verbose)) continue;
    print_out(
        "{} → {}: {} copied ({}), {} there already, {} failed{}{}{}\n", shown(mailbox.source),
        shown(mailbox.destination), format_count(mailbox.copied), format_octets(mailbox.copied_octets),
        format_count(mailbox.present + mailbox.recovered), format_count(mailbox.failed),
        mailbox.gone > 0 ? fmt::format(", {} gone from the source", mailbox.gone) : "",
        mailbox.flags_updated > 0 ? fmt::format(", flags of {} updated", format_count(mailbox.flags_updated)) : "",
        mailbox.unfinished() > 0 ? fmt::format(", {} not reached", format_count(mailbox.unfinished())) : "");
  }
  for (const auto& failure : report.failures) {
    print_err("not copied: {} UID {} \"{}\": {}{}\n", shown(failure.mailbox), failure.uid,
              sanitize_for_terminal(mime::decode_header_text(failure.subject), 80),
              sanitize_for_terminal(failure.reason), " — " + remedy_of(failure));
  }
  if (report.error) print_error(*report.error, false);
  if (options_.dry_run || options_.quiet || (report.error && report.mailboxes.empty())) return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(report.elapsed);
  const auto octets = report.sum(&sync::MailboxReport::copied_octets);
  const auto copied = report.sum(&sync::MailboxReport::copied);
  const auto present = report.sum(&sync::MailboxReport::present) + report.sum(&sync::MailboxReport::recovered);
  print_out("{}: {} copied, {} there already, {} failed; {} in {} ({})\n",
            report.interrupted  ? "Interrupted"
            : report.complete() ? "Done"
                                : "Incomplete",
            format_count(copied), format_count(present), format_count(report.failures.size()), format_octets(octets),
            format_duration(elapsed), format_octet_rate(octets, elapsed));
  if (copied == 0 && report.complete() && report.sum(&sync::MailboxReport::flags_planned) == 0)
    print_out("Nothing to do.\n");
  if (options_.verbose)
    print_out("Commands: {} to the source, {} to the destination; {} a side.\n", report.source_commands,
              report.destination_commands,
              format_counted(std::max(1U, report.connections), "connection", "connections"));
}

}  // namespace mailferry::cli
