#include "cli/secrets.hpp"

#include <fmt/format.h>

#include <string_view>

namespace mailferry::cli {
namespace {

using auth::SecretSource;

Result<> choose_source(std::string_view side, config::Account& account, Prompting prompting) {
  if (account.secret.kind != SecretSource::Kind::none || account.may_need_no_secret()) return {};
  if (prompting == Prompting::possible) {
    account.secret.kind = SecretSource::Kind::prompt;
    return {};
  }
  return fail(ErrorKind::usage, Scope::run,
              fmt::format("there is no password for {}, and no terminal to ask for it", account.label()),
              fmt::format("give --{0}-password-file FILE, --{0}-password-env NAME, --{0}-password-command COMMAND or "
                          "--{0}-password-fd N",
                          side));
}

}  // namespace

Result<> check_has_secret(const config::Account& account) {
  if (account.secret.kind != SecretSource::Kind::none || account.may_need_no_secret()) return {};
  return fail(ErrorKind::usage, Scope::run, fmt::format("there is no password for account \"{}\"", account.name),
              "add password_file, password_env or password_command to it: a bridge never asks");
}

Result<Secret> read_secret_of(config::Account& account) {
  if (account.endpoint.proxy && account.proxy_secret.kind != SecretSource::Kind::none) {
    TRY(account.endpoint.proxy->password, auth::read_secret(account.proxy_secret, account.endpoint.proxy->host));
  }
  if (account.secret.kind == SecretSource::Kind::none) return Secret();
  return auth::read_secret(account.secret, account.user + "@" + account.endpoint.host);
}

Result<> read_secrets(Invocation& invocation, Prompting prompting) {
  if (invocation.has_from) CHECK_OK(choose_source("from", invocation.from, prompting));
  if (invocation.has_to) CHECK_OK(choose_source("to", invocation.to, prompting));
  if (invocation.has_from) {
    TRY(invocation.from_secret, read_secret_of(invocation.from));
  }
  if (!invocation.has_to) return {};
  TRY(invocation.to_secret, read_secret_of(invocation.to));
  return {};
}

}  // namespace mailferry::cli
