// mailferry status
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/output.hpp"
#include "cli/status_view.hpp"
#include "cli/terminal.hpp"
#include "report/status_json.hpp"
#include "report/verdict.hpp"
#include "web/status_client.hpp"

namespace mailferry::cli {
namespace {

/// Names are cut for people only: who reads a pipe wants to tell them apart.
std::size_t width_of_output() {
  constexpr std::size_t kUnlimited = 1000;
  return is_terminal(Stream::output) ? terminal_width(Stream::output) : kUnlimited;
}

int code_of(const report::BridgeStatus& status, const Options& options) {
  const bool fails = report::judge(status).verdict == report::Verdict::failing;
  return to_int(options.check && fails ? ExitCode::incomplete : ExitCode::ok);
}

}  // namespace

int cmd_status(const Invocation& invocation) {
  const auto& options = invocation.options;
  const auto json = web::ask_status_json(options.state_file);
  if (!json) return print_error(json.error(), options.json);
  const auto status = report::parse_status(*json);
  if (!status) return print_error(status.error(), options.json);
  if (options.json) {
    print_out("{}", *json);
  } else if (options.check) {
    print_out("{}\n", check_text(*status));
  } else {
    print_out("{}", status_text(*status, std::chrono::system_clock::now(), width_of_output()));
  }
  return code_of(*status, options);
}

}  // namespace mailferry::cli
