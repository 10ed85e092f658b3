#include "services/accounts.hpp"

#include "auth/command_credentials.hpp"
#include "auth/oauth/oauth_credentials.hpp"

namespace mailferry::services {

auth::OAuthAccount to_oauth_account(const config::Account& account) {
  return {.name = account.name,
          .user = account.auth_user.empty() ? account.user : account.auth_user,
          .proxy = account.endpoint.proxy,
          .timeouts = account.endpoint.timeouts};
}

client::ConnectOptions to_connect_options(const config::Account& account, const Secret& secret) {
  client::ConnectOptions options;
  options.endpoint = account.endpoint;
  options.credentials.user = account.auth_user.empty() ? account.user : account.auth_user;
  if (options.credentials.user != account.user) options.credentials.authorization_id = account.user;
  options.credentials.secret = secret;
  options.credentials.is_token = account.secret.is_token;
  options.credentials.has_certificate = !account.endpoint.tls.certificate_file.empty();
  options.allow_plaintext = account.allow_plaintext;
  if (account.oauth)
    options.source =
        std::make_shared<auth::OAuthCredentials>(*account.oauth, to_oauth_account(account), options.credentials);
  if (account.secret.is_token && account.secret.kind == auth::SecretSource::Kind::command)
    options.source = std::make_shared<auth::CommandCredentials>(account.secret, account.label(), options.credentials);
  return options;
}

}  // namespace mailferry::services
