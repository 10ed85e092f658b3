// mailferry verify FROM TO
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/json_line.hpp"
#include "cli/mapping_options.hpp"
#include "cli/output.hpp"
#include "cli/skipped_view.hpp"
#include "mime/decoded_text.hpp"
#include "services/verify.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace mailferry::cli {
namespace {

namespace json = boost::json;

std::string_view to_word(services::Difference kind) {
  switch (kind) {
    case services::Difference::missing:
      return "missing";
    case services::Difference::flags:
      return "flags differ";
    case services::Difference::date:
      return "date differs";
    case services::Difference::content:
      return "content differs";
    case services::Difference::mailbox:
      return "mailbox";
  }
  return "";
}

/// Of what is missing the subject, as its author meant it.
std::string to_detail(const services::Finding& finding) {
  return finding.kind == services::Difference::missing ? mime::decode_header_text(finding.detail) : finding.detail;
}

std::string detail_of(const services::Finding& finding) {
  if (finding.kind != services::Difference::missing) return sanitize_for_terminal(to_detail(finding));
  return "\"" + sanitize_for_terminal(to_detail(finding), 80) + "\"";
}

void print_text(const services::VerifyReport& report, const Options& options) {
  for (const auto& finding : report.findings) {
    print_out("{}", to_word(finding.kind));
    if (!finding.source.empty()) print_out(": {}", sanitize_for_terminal(finding.source.to_string()));
    if (finding.source_uid != 0) print_out(" UID {}", finding.source_uid);
    if (finding.destination_uid != 0)
      print_out(" → {} UID {}", sanitize_for_terminal(finding.destination.to_string()), finding.destination_uid);
    print_out(": {}\n", detail_of(finding));
  }
  if (report.findings_total > report.findings.size())
    print_out("… and {} more\n", format_count(report.findings_total - report.findings.size()));
  std::uint64_t on_source = 0, matched = 0, extra = 0;
  for (const auto& mailbox : report.mailboxes) {
    on_source += mailbox.on_source;
    matched += mailbox.matched;
    extra += mailbox.extra;
    if (options.verbose)
      print_out("{} → {}: {} of {} there, {} more on the destination\n",
                sanitize_for_terminal(mailbox.source.to_string()),
                sanitize_for_terminal(mailbox.destination.to_string()), format_count(mailbox.matched),
                format_count(mailbox.on_source), format_count(mailbox.extra));
  }
  if (!options.quiet)
    print_skipped(report.skipped, "compared", options.verbose ? SkippedDetail::all : SkippedDetail::surprising);
  print_out("{} of {} messages are on the destination; {}; {} more there that the source does not have\n",
            format_count(matched), format_count(on_source),
            format_counted(report.findings_total, "difference", "differences"), format_count(extra));
}

void print_json(const services::VerifyReport& report, int code) {
  for (const auto& finding : report.findings)
    print_json_line(json::serialize(json::object{{"event", "difference"},
                                                 {"kind", std::string(to_word(finding.kind))},
                                                 {"source", finding.source.to_string()},
                                                 {"destination", finding.destination.to_string()},
                                                 {"source_uid", finding.source_uid},
                                                 {"destination_uid", finding.destination_uid},
                                                 {"detail", to_detail(finding)}}));
  std::uint64_t on_source = 0, matched = 0, extra = 0;
  for (const auto& mailbox : report.mailboxes) {
    on_source += mailbox.on_source;
    matched += mailbox.matched;
    extra += mailbox.extra;
  }
  print_json_line(json::serialize(json::object{{"event", "verified"},
                                               {"on_source", on_source},
                                               {"matched", matched},
                                               {"extra", extra},
                                               {"differences", report.findings_total},
                                               {"skipped", to_json(report.skipped)},
                                               {"exit_code", code}}));
}

}  // namespace

int cmd_verify(const Invocation& invocation) {
  const auto& options = invocation.options;
  auto rules = to_mapping_rules(options);
  if (!rules) return print_error(rules.error(), options.json);
  const services::VerifyRequest request{.from = invocation.from,
                                        .to = invocation.to,
                                        .from_secret = invocation.from_secret,
                                        .to_secret = invocation.to_secret,
                                        .rules = std::move(*rules),
                                        .state_file = options.state_file,
                                        .deep = options.deep,
                                        .manifest = options.manifest,
                                        .against = options.against};
  const auto report = services::run_verify(request);
  if (report.error) return print_error(*report.error, options.json);
  const int code = to_int(report.findings_total == 0 ? ExitCode::ok : ExitCode::incomplete);
  if (options.json) {
    print_json(report, code);
  } else {
    print_text(report, options);
  }
  return code;
}

}  // namespace mailferry::cli
