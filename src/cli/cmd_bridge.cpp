// mailferry bridge
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/files.hpp"
#include "cli/output.hpp"
#include "cli/problems.hpp"
#include "config/config.hpp"
#include "services/bridge.hpp"

namespace mailferry::cli {
namespace {

Result<services::BridgeAccount> read_account(const config::Config& config, const std::string& name) {
  const auto* account = config.find(name);
  if (account == nullptr)
    return fail(ErrorKind::usage, Scope::run, fmt::format("there is no account \"{}\"", name),
                "add an [account.NAME] to the file");
  services::BridgeAccount found{.account = *account, .secret = {}};
  using Kind = auth::SecretSource::Kind;
  if (account->secret.kind == Kind::none && !account->may_need_no_secret())
    return fail(ErrorKind::usage, Scope::run, fmt::format("there is no password for account \"{}\"", name),
                "add password_file, password_env or password_command to it: a bridge never asks");
  if (account->secret.kind != Kind::none) {
    TRY(found.secret, auth::read_secret(account->secret, account->user + "@" + account->endpoint.host));
  }
  return found;
}

Result<services::BridgeRequest> read_request(const config::Config& config, const std::string& state_option) {
  if (!config.bridge)
    return fail(ErrorKind::usage, Scope::run, fmt::format("{} has no [bridge]", config.file),
                "see docs/manual/bridge.md for what belongs there");
  services::BridgeRequest request{
      .bridge = *config.bridge, .destination = {}, .sources = {}, .state_file = state_option};
  TRY(request.destination, read_account(config, config.bridge->destination));
  for (const auto& source : config.bridge->sources) {
    TRY(auto account, read_account(config, source.account));
    request.sources.push_back(std::move(account));
  }
  if (request.state_file.empty()) request.state_file = config.bridge->state_file;
  if (request.state_file.empty()) {
    TRY(request.state_file, default_state_file("bridge.db"));
  }
  return request;
}

}  // namespace

int cmd_bridge(const Invocation& invocation) {
  const auto file = invocation.options.config_file.empty() ? find_config_file() : invocation.options.config_file;
  if (file.empty()) {
    const auto problem =
        fail(ErrorKind::usage, Scope::run, "there is no mailferry.toml", "name the file with --config FILE");
    return print_error(problem.error(), false);
  }
  while (true) {
    const auto config = config::load_config(file);
    if (!config) return print_problems(config.error(), false);
    const auto request = read_request(*config, invocation.options.state_file);
    if (!request) return print_error(request.error(), false);
    log::configure(config->bridge->log.level, config->bridge->log.format);
    const auto ended = services::run_bridge(*request);
    if (!ended) return print_error(ended.error(), false);
    if (*ended == services::BridgeEnd::stopped) return to_int(ExitCode::ok);
  }
}

}  // namespace mailferry::cli
