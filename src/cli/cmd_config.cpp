// mailferry config keys | docs [PAGE] | check | import FILE
#include "auth/secret_source.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/files.hpp"
#include "cli/manual.hpp"
#include "cli/mapping_options.hpp"
#include "cli/output.hpp"
#include "cli/problems.hpp"
#include "cli/secrets.hpp"
#include "config/bridge.hpp"
#include "config/key_docs.hpp"
#include "takeover/any_config.hpp"
#include "takeover/native_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace mailferry::cli {
namespace {

int print_page(const std::string& name) {
  const auto page = manual_part(name);
  if (!page) return print_error(page.error(), false);
  print_out("{}", *page);
  return to_int(ExitCode::ok);
}

void print_bridge(const config::Bridge& bridge) {
  for (const auto& source : bridge.sources) {
    for (const auto& mapping : source.mappings)
      print_out("  bridge: {} {} → {} {}\n", source.account, mapping.from, bridge.destination,
                fmt::join(mapping.to, ", "));
    if (source.mappings.empty()) print_out("  bridge: {} has no mappings yet\n", source.account);
  }
}

void print_warnings(const config::Config& config, const std::string& file) {
  for (const auto& warning : config.warnings)
    print_err("mailferry: warning: {}: {}\n", file, warning);
}

/// A bridge reads them before it does anything. What commands print and the environment holds is another matter when
/// the bridge is started.
Result<> check_secret_file(const auth::SecretSource& source, const std::string& name) {
  std::error_code ignored;
  const bool is_file = source.kind == auth::SecretSource::Kind::file;
  // A pipe gives what is in it only once.
  if (!is_file || std::filesystem::is_fifo(source.value, ignored)) return {};
  const auto secret = auth::read_secret(source, name);
  return secret ? Result<>() : std::unexpected(secret.error());
}

bool is_of_bridge(const config::Account& account, const config::Bridge& bridge) {
  const auto uses = [&](const config::BridgeSource& source) { return source.account == account.name; };
  return account.name == bridge.destination || std::ranges::any_of(bridge.sources, uses);
}

/// The exit code that the bridge would end with; 0: they can be read. Those of other accounts are only warned of.
int check_secret_files(const config::Config& config) {
  int code = to_int(ExitCode::ok);
  for (const auto& account : config.accounts) {
    for (const auto* source : {&account.secret, &account.proxy_secret}) {
      const auto checked = check_secret_file(*source, account.label());
      if (checked) continue;
      if (config.bridge && is_of_bridge(account, *config.bridge))
        code = print_error(checked.error(), false);
      else
        print_err("mailferry: warning: {}\n", checked.error().describe());
    }
  }
  return code;
}

/// What a bridge and a copy would refuse at their start though the file can be read.
Result<> check_beginnings(const config::Config& config) {
  TRY([[maybe_unused]] const auto rules, to_mapping_rules(config.copy.mailbox, config.copy.exclude, config.copy.map));
  for (const auto& account : config.accounts) {
    if (config.bridge && is_of_bridge(account, *config.bridge)) CHECK_OK(check_has_secret(account));
  }
  return {};
}

int refuse_empty(const std::string& file) {
  const auto problem =
      fail(ErrorKind::usage, Scope::run, fmt::format("{} says nothing: it has neither an account nor [bridge]", file),
           "see mailferry config keys");
  return print_error(problem.error(), false);
}

bool is_empty_file(const std::string& file) {
  const auto text = config::read_config_text(file);
  return text && text->reveal().find_first_not_of(" \t\r\n") == std::string_view::npos;
}

int import_file(const std::string& file, const std::string& output) {
  const auto any = takeover::load_any_config(file);
  if (!any) return print_problems(any.error(), false);
  if (any->form == takeover::ConfigForm::native) {
    const auto problem =
        fail(ErrorKind::usage, Scope::run, fmt::format("{} is in the form of mailferry.toml", file), "use it as it is");
    return print_error(problem.error(), false);
  }
  print_warnings(any->config, file);
  const auto written = takeover::write_native(any->config, output);
  if (!written) return print_problems(written.error(), false);
  for (const auto& name : *written)
    print_out("wrote {}\n", name);
  return to_int(ExitCode::ok);
}

int check(const std::string& named_file) {
  const std::string file = named_file.empty() ? find_config_file() : named_file;
  if (file.empty()) {
    const auto problem =
        fail(ErrorKind::usage, Scope::run,
             fmt::format("there is no mailferry.toml; looked for {}", fmt::join(config_file_candidates(), " and ")),
             "name the file with --config FILE");
    return print_error(problem.error(), false);
  }
  const auto any = takeover::load_any_config(file);
  if (!any) return print_problems(any.error(), false);
  if (is_empty_file(file)) return refuse_empty(file);
  print_warnings(any->config, file);
  const auto beginnings = check_beginnings(any->config);
  if (!beginnings) return print_error(with_context(beginnings.error(), file).error(), false);
  if (const int code = check_secret_files(any->config); code != to_int(ExitCode::ok)) return code;
  if (any->form != takeover::ConfigForm::native) print_out("{}: made for {}\n", file, takeover::tool_name(any->form));
  print_out("{}: no problems\n", file);
  for (const auto& account : any->config.accounts)
    print_out("  {:<16}{}\n", account.name, account.label());
  if (any->config.bridge) print_bridge(*any->config.bridge);
  if (!any->config.bridge) print_out("  no section [bridge]: mailferry bridge would not start with this file\n");
  return to_int(ExitCode::ok);
}

}  // namespace

int cmd_config(const Invocation& invocation) {
  switch (invocation.command) {
    case Command::config_docs:
      return print_page(invocation.docs_page);
    case Command::config_check:
      return check(invocation.options.config_file);
    case Command::config_import:
      return import_file(invocation.import_file, invocation.output);
    default:
      print_out("{}", config::keys_text());
      return to_int(ExitCode::ok);
  }
}

}  // namespace mailferry::cli
