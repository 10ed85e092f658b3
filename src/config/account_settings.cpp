#include "config/account_settings.hpp"

#include "config/account_url.hpp"
#include "config/oauth_account.hpp"
#include "config/proxy_url.hpp"
#include "config/user_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mailferry::config {
namespace {

constexpr std::string_view kPasswordRemedy = "remove it and use password_file, password_env or password_command";

void address_from_url(const AccountSettings& settings, Account& account, std::vector<std::string>& problems) {
  if (settings.host || settings.port || settings.user || settings.security) {
    problems.emplace_back("url already says host, port, user and security; remove those keys or url");
  }
  auto parsed = parse_account_url(*settings.url, kPasswordRemedy);
  if (!parsed) {
    problems.push_back(fmt::format("{}; {}", parsed.error().message, parsed.error().remedy));
    return;
  }
  account.user = parsed->user;
  account.endpoint = parsed->endpoint;
}

/// A name or an address, and nothing of a URL. Only an IPv6 address has colons, and more than one.
bool is_host(std::string_view host) {
  return host.find_first_of("/@[] \t") == std::string_view::npos && std::ranges::count(host, ':') != 1;
}

void address_from_keys(const AccountSettings& settings, Account& account, std::vector<std::string>& problems) {
  if (!settings.host || settings.host->empty())
    problems.emplace_back("neither url nor host is given");
  else if (!is_host(*settings.host))
    problems.emplace_back("host is a name or an address alone; a port is `port`, and an imaps://… is `url`");
  if (!settings.user || settings.user->empty()) problems.emplace_back("neither url nor user is given");
  if (has_control(settings.host.value_or("")) || has_control(settings.user.value_or("")))
    problems.emplace_back("host or user contains a control character");
  account.user = settings.user.value_or("");
  account.endpoint.host = settings.host.value_or("");
  const auto usual = settings.tunnel.empty() ? net::Security::tls : net::Security::plaintext;
  account.endpoint.security = settings.security.value_or(usual);
  const std::uint16_t standard = account.endpoint.security == net::Security::tls ? 993 : 143;
  account.endpoint.port = settings.port.value_or(standard);
}

void reach_through(const AccountSettings& settings, Account& account, std::vector<std::string>& problems) {
  if (!settings.proxy.empty() && !settings.tunnel.empty())
    problems.emplace_back("proxy and tunnel are both given; the tunnel command would have to use the proxy itself");
  if (!settings.tunnel.empty()) use_tunnel(settings.tunnel, account);
  if (!settings.proxy_password_file.empty())  // also without a proxy: the command line may name it
    account.proxy_secret = {.kind = auth::SecretSource::Kind::file, .value = settings.proxy_password_file};
  if (settings.proxy.empty()) return;
  auto proxy = parse_proxy_url(settings.proxy);
  if (!proxy) {
    problems.push_back(fmt::format("{}; {}", proxy.error().message, proxy.error().remedy));
    return;
  }
  account.endpoint.proxy = *std::move(proxy);
}

}  // namespace

void use_tunnel(const std::string& command, Account& account) {
  account.endpoint.tunnel = command;
  if (account.endpoint.security == net::Security::tls) return;
  // The tunnel is the user's own: what comes out of it needs no encryption of ours.
  account.endpoint.security = net::Security::plaintext;
  account.allow_plaintext = true;
}

Account to_account(const AccountSettings& settings, std::vector<std::string>& problems) {
  Account account;
  account.name = settings.name;
  settings.url ? address_from_url(settings, account, problems) : address_from_keys(settings, account, problems);
  account.endpoint.tls = settings.tls;
  account.endpoint.timeouts = settings.timeouts;
  account.connections = settings.connections;
  account.daily_download = settings.daily_download;
  account.daily_upload = settings.daily_upload;
  account.auth_user = settings.auth_user;
  account.trust_first_use = settings.trust_first_use;
  account.endpoint.compression = settings.compression;
  reach_through(settings, account, problems);
  account.allow_plaintext = account.endpoint.security == net::Security::plaintext;
  if (account.allow_plaintext && !(settings.tls.ca_file.empty() && settings.tls.fingerprint.empty())) {
    problems.emplace_back(
        "tls_ca and tls_fingerprint mean nothing with security = \"plaintext\"; remove them or use tls");
  }
  if (settings.secrets.size() > 1) {
    problems.emplace_back(
        "the password has more than one source; keep one of password_file, password_env, "
        "password_command and token_command");
  }
  if (settings.trust_first_use && !settings.tls.fingerprint.empty())
    problems.emplace_back("tls_trust and tls_fingerprint contradict each other; keep one of them");
  if (!settings.secrets.empty()) account.secret = settings.secrets.front();
  use_oauth(settings, account, problems);
  return account;
}

}  // namespace mailferry::config
