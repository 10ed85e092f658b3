#include "auth/oauth/oauth_setup.hpp"

#include "auth/oauth/client_file.hpp"
#include "auth/secret_source.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace mailferry::auth {
namespace {

/// An answer that is due at once; IMAP servers are waited for much longer.
constexpr std::chrono::seconds kPatience{30};

const std::string& first_of(const std::string& one, const std::string& other) {
  return one.empty() ? other : one;
}

Result<OAuthClientFile> client_of(const OAuthSettings& settings) {
  if (!settings.client_file.empty()) return load_client_file(settings.client_file);
  OAuthClientFile client;
  client.id = settings.client_id;
  if (settings.client_secret_file.empty()) return client;
  const SecretSource source{.kind = SecretSource::Kind::file, .value = settings.client_secret_file};
  TRY(client.secret, read_secret(source, "the OAuth2 client"));
  return client;
}

std::string redirect_of(const OAuthSettings& settings, const OAuthClientFile& client) {
  if (!settings.redirect_url.empty() || !client.is_web || client.redirect_urls.empty()) return settings.redirect_url;
  return client.redirect_urls.front();
}

}  // namespace

std::string OAuthSetup::advice() const {
  return fmt::format("run `mailferry auth {}`", account.name);
}

Result<OAuthSetup> make_oauth_setup(const OAuthSettings& settings, const OAuthAccount& account) {
  TRY(const auto client, client_of(settings));
  const auto& preset = preset_of(settings.provider);
  const auto preset_url = [&](std::string_view url) { return with_tenant(url, settings.tenant); };
  OAuthSetup setup;
  setup.account = account;
  setup.account.timeouts.response = std::min<std::chrono::milliseconds>(account.timeouts.response, kPatience);
  setup.preset = &preset;
  setup.client_id = client.id;
  setup.client_secret = client.secret;
  setup.client_proof = settings.client_proof.value_or(preset.client_proof);
  setup.authorize_url =
      first_of(first_of(settings.authorize_url, client.authorize_url), preset_url(preset.authorize_url));
  setup.token_url = first_of(first_of(settings.token_url, client.token_url), preset_url(preset.token_url));
  setup.device_url = first_of(settings.device_url, preset_url(preset.device_url));
  setup.redirect_url = redirect_of(settings, client);
  setup.scope =
      settings.scopes.empty() ? std::string(preset.scope) : fmt::format("{}", fmt::join(settings.scopes, " "));
  setup.token_file = settings.token_file;
  setup.tls.ca_file = settings.ca_file;
  return setup;
}

Result<OAuthSetup> complete_from(const OAuthSetup& setup, const TokenFile& file) {
  OAuthSetup whole = setup;
  if (whole.client_id.empty()) {
    whole.client_id = file.client_id();
    whole.client_secret = file.client_secret();
  }
  whole.token_url = first_of(whole.token_url, file.token_url());
  const auto account = fmt::format("account '{}'", setup.account.name);
  if (whole.client_id.empty())
    return fail(ErrorKind::usage, Scope::account, account + " has no OAuth2 client",
                "give oauth_client_file or oauth_client_id in mailferry.toml");
  if (whole.token_url.empty())
    return fail(ErrorKind::usage, Scope::account, account + " has no address to fetch tokens from",
                "give oauth_token_url in mailferry.toml");
  return whole;
}

}  // namespace mailferry::auth
