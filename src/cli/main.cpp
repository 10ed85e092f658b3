#include "cli/main.hpp"

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/output.hpp"
#include "cli/problems.hpp"
#include "cli/secrets.hpp"
#include "cli/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>

namespace mailferry::cli {
namespace {

bool needs_accounts(Command command) {
  return command == Command::copy || command == Command::verify || command == Command::folders ||
         command == Command::explain || command == Command::auth;
}

void warn_of_plaintext(const config::Account& account) {
  if (!account.allow_plaintext || !account.endpoint.tunnel.empty()) return;
  print_err(
      "mailferry: warning: the connection to {} is not encrypted; password and mail are readable for everyone "
      "on the way\n",
      account.label());
}

Result<> prepare(Invocation& invocation) {
  if (!needs_accounts(invocation.command)) return {};
  if (invocation.has_from) warn_of_plaintext(invocation.from);
  if (invocation.has_to) warn_of_plaintext(invocation.to);
  return read_secrets(invocation, is_interactive() ? Prompting::possible : Prompting::impossible);
}

// For errors of the command line itself, when there are no options yet.
bool wants_json(int argc, char** argv) {
  return std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
}

int dispatch(const Invocation& invocation) {
  switch (invocation.command) {
    case Command::copy:
      return cmd_copy(invocation);
    case Command::verify:
      return cmd_verify(invocation);
    case Command::explain:
      return cmd_explain(invocation);
    case Command::auth:
      return cmd_auth(invocation);
    case Command::folders:
      return cmd_folders(invocation);
    case Command::bridge:
      return cmd_bridge(invocation);
    case Command::status:
      return cmd_status(invocation);
    case Command::failures:
      return cmd_failures(invocation);
    case Command::retry:
      return cmd_retry(invocation);
    case Command::config_keys:
    case Command::config_docs:
    case Command::config_check:
    case Command::config_import:
      return cmd_config(invocation);
  }
  return to_int(ExitCode::usage);
}

int run_line(int argc, char** argv) {
  auto line = parse_command_line(argc, argv);
  if (!line) return print_problems(line.error(), wants_json(argc, argv));
  if (!line->invocation) {
    print_out("{}", line->text);
    return to_int(ExitCode::ok);
  }
  auto& invocation = *line->invocation;
  if (auto ready = prepare(invocation); !ready) return print_error(ready.error(), invocation.options.json);
  return dispatch(invocation);
}

}  // namespace

int run(int argc, char** argv) {
  // A peer or a reader of our output that goes away is an error to report, not a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  hold_standard_descriptors();
  const int code = run_line(argc, argv);
  if (!output_was_lost() || code != to_int(ExitCode::ok)) return code;
  print_err("mailferry: standard output could not be written whole; look at what it goes to (a full disk?)\n");
  return to_int(ExitCode::local);
}

}  // namespace mailferry::cli
