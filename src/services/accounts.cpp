#include "services/accounts.hpp"

namespace mailferry::services {

client::ConnectOptions to_connect_options(const config::Account& account, const Secret& secret) {
  client::ConnectOptions options;
  options.endpoint = account.endpoint;
  options.credentials.user = account.auth_user.empty() ? account.user : account.auth_user;
  if (options.credentials.user != account.user) options.credentials.authorization_id = account.user;
  options.credentials.secret = secret;
  options.credentials.is_token = account.secret.is_token;
  options.credentials.has_certificate = !account.endpoint.tls.certificate_file.empty();
  options.allow_plaintext = account.allow_plaintext;
  return options;
}

}  // namespace mailferry::services
