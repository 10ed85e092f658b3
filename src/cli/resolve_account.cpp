#include "cli/resolve_account.hpp"

#include "config/account_settings.hpp"
#include "config/account_url.hpp"
#include "config/nearest.hpp"
#include "config/proxy_url.hpp"
#include "config/units.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

namespace mailferry::cli {
namespace {

using auth::SecretSource;

std::unexpected<Error> refuse(std::string problem, std::string remedy) {
  return fail(ErrorKind::usage, Scope::run, std::move(problem), std::move(remedy));
}

struct SecretRow {
  std::string RawSide::*text;
  SecretSource::Kind kind;
  bool is_token;
};

constexpr std::array kSecrets{
    SecretRow{&RawSide::password_file, SecretSource::Kind::file, false},
    SecretRow{&RawSide::password_env, SecretSource::Kind::environment, false},
    SecretRow{&RawSide::password_command, SecretSource::Kind::command, false},
    SecretRow{&RawSide::password_fd, SecretSource::Kind::descriptor, false},
    SecretRow{&RawSide::token_command, SecretSource::Kind::command, true},
};

Result<> apply_secret(std::string_view side, const RawSide& raw, config::Account& account) {
  int given = 0;
  for (const auto& row : kSecrets) {
    if ((raw.*row.text).empty()) continue;
    ++given;
    account.oauth.reset();
    account.secret = SecretSource{.kind = row.kind, .value = raw.*row.text, .is_token = row.is_token};
  }
  if (given > 1) {
    return refuse(fmt::format("the password of --{} is given in more than one way", side),
                  fmt::format("keep one of the --{0}-password-… and --{0}-token-command options", side));
  }
  if (raw.password_fd.empty() || config::parse_count(raw.password_fd)) return {};
  return refuse(fmt::format("--{}-password-fd needs the number of a file descriptor, not '{}'", side, raw.password_fd),
                "give a number such as 3, and open it: 3< FILE");
}

Result<> apply_plaintext(std::string_view side, const RawSide& raw, config::Account& account) {
  if (!raw.plaintext) return {};
  if (account.endpoint.security == net::Security::tls) {
    return refuse(fmt::format("--{}-plaintext contradicts the encrypted connection of {}", side, account.label()),
                  fmt::format("use imap:// with it, or leave --{}-plaintext out", side));
  }
  account.endpoint.security = net::Security::plaintext;
  account.allow_plaintext = true;
  return {};
}

/// Puts what `text` stands for into `to`; nothing when the option was not given.
template <class Value, std::size_t count>
Result<> apply_choice(std::string_view option, const std::string& text,
                      const std::array<std::pair<std::string_view, Value>, count>& choices, Value& to) {
  if (text.empty()) return {};
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name != text) {
      names += fmt::format("{}{}", names.empty() ? "" : " or ", name);
      continue;
    }
    to = value;
    return {};
  }
  return refuse(fmt::format("{} cannot be '{}'", option, text), fmt::format("give {}", names));
}

constexpr std::array<std::pair<std::string_view, net::TlsOptions::Version>, 2> kVersions{
    {{"1.2", net::TlsOptions::Version::v1_2}, {"1.3", net::TlsOptions::Version::v1_3}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kTrusts{{{"authorities", false}, {"first-use", true}}};
constexpr std::array<std::pair<std::string_view, net::Compression>, 3> kCompressions{
    {{"auto", net::Compression::automatic}, {"always", net::Compression::always}, {"never", net::Compression::never}}};

Result<> apply_way(std::string_view side, const RawSide& raw, config::Account& account) {
  if (!raw.tunnel.empty() && (!raw.proxy.empty() || account.endpoint.proxy)) {
    return refuse(fmt::format("--{}-tunnel and a proxy are both given", side),
                  "let the tunnel command use the proxy, or leave one of them out");
  }
  if (!raw.tunnel.empty()) config::use_tunnel(raw.tunnel, account);
  if (!raw.proxy.empty()) {
    auto proxy = config::parse_proxy_url(raw.proxy);
    if (!proxy) return with_context(proxy.error(), fmt::format("--{}-proxy", side));
    account.endpoint.proxy = *std::move(proxy);
  }
  if (raw.proxy_password_file.empty()) return {};
  if (!account.endpoint.proxy) {
    return refuse(fmt::format("--{}-proxy-password-file means nothing without a proxy", side),
                  fmt::format("give --{}-proxy as well", side));
  }
  account.proxy_secret = {.kind = SecretSource::Kind::file, .value = raw.proxy_password_file};
  return {};
}

Result<> apply_certificate(std::string_view side, const RawSide& raw, config::Account& account) {
  if (!raw.tls_client_cert.empty()) account.endpoint.tls.certificate_file = raw.tls_client_cert;
  if (!raw.tls_client_key.empty()) account.endpoint.tls.key_file = raw.tls_client_key;
  if (account.endpoint.tls.key_file.empty() || !account.endpoint.tls.certificate_file.empty()) return {};
  return refuse(fmt::format("--{}-tls-client-key means nothing without a certificate", side),
                fmt::format("give --{}-tls-client-cert as well", side));
}

Result<> apply_choices(std::string_view side, const RawSide& raw, config::Account& account) {
  CHECK_OK(apply_choice(fmt::format("--{}-tls-min", side), raw.tls_min, kVersions, account.endpoint.tls.least_version));
  CHECK_OK(apply_choice(fmt::format("--{}-tls-trust", side), raw.tls_trust, kTrusts, account.trust_first_use));
  CHECK_OK(apply_choice(fmt::format("--{}-compress", side), raw.compress, kCompressions, account.endpoint.compression));
  if (!raw.auth_user.empty()) account.auth_user = raw.auth_user;
  if (!account.trust_first_use || account.endpoint.tls.fingerprint.empty()) return {};
  return refuse(fmt::format("--{0}-tls-trust first-use contradicts --{0}-tls-fingerprint", side), "keep one of them");
}

Result<> apply_tls(std::string_view side, const RawSide& raw, config::Account& account) {
  if (!raw.tls_ca.empty()) account.endpoint.tls.ca_file = raw.tls_ca;
  if (!raw.tls_fingerprint.empty()) {
    auto digits = config::parse_fingerprint(raw.tls_fingerprint);
    if (!digits) return with_context(digits.error(), fmt::format("--{}-tls-fingerprint", side));
    account.endpoint.tls.fingerprint = *std::move(digits);
  }
  CHECK_OK(apply_certificate(side, raw, account));
  const bool has_tls_options =
      !raw.tls_ca.empty() || !raw.tls_fingerprint.empty() || !raw.tls_client_cert.empty() || !raw.tls_min.empty();
  if (account.endpoint.security != net::Security::plaintext || !has_tls_options) return {};
  return refuse(
      fmt::format(
          "--{0}-tls-ca, --{0}-tls-fingerprint, --{0}-tls-client-cert and --{0}-tls-min mean nothing without TLS",
          side),
      fmt::format("leave them out, or use an encrypted connection for {}", account.label()));
}

}  // namespace

Result<config::Account> named_account(const std::string& name, const config::Config& config) {
  if (const auto* account = config.find(name)) return *account;
  const bool is_url = name.find("//") != std::string::npos || name.starts_with("imap");
  const std::string remedy = name.find('@') != std::string::npos && !is_url
                                 ? fmt::format("write imaps://{}/", name)
                                 : "write imaps://user@host/, or add [account.NAME] to mailferry.toml";
  if (config.file.empty())
    return refuse(fmt::format("there is no account '{}': no mailferry.toml was found", name),
                  remedy + ", or name its file with --config FILE");
  std::vector<std::string_view> names;
  for (const auto& account : config.accounts)
    names.push_back(account.name);
  return refuse(fmt::format("there is no account '{}' in {}{}", name, config.file, config::did_you_mean(name, names)),
                remedy);
}

Result<config::Account> resolve_account(std::string_view side, const std::string& text, const RawSide& raw,
                                        const config::Config& config) {
  const auto remedy = fmt::format(
      "leave it out and use --{0}-password-file FILE, --{0}-password-env NAME, "
      "--{0}-password-command COMMAND or --{0}-password-fd N",
      side);
  TRY(auto account, config::is_url(text) ? config::parse_account_url(text, remedy) : named_account(text, config));
  CHECK_OK(apply_secret(side, raw, account));
  CHECK_OK(apply_plaintext(side, raw, account));
  CHECK_OK(apply_way(side, raw, account));
  CHECK_OK(apply_tls(side, raw, account));
  CHECK_OK(apply_choices(side, raw, account));
  return account;
}

}  // namespace mailferry::cli
