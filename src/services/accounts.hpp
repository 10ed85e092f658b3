// From what the user configured to what the client needs.
#pragma once

#include "auth/oauth/oauth_setup.hpp"
#include "base/secret.hpp"
#include "client/imap_connection.hpp"
#include "config/account.hpp"

namespace mailferry::services {

/// Who signs in with OAuth2, and how its provider is reached: through the same proxy as the server.
[[nodiscard]] auth::OAuthAccount to_oauth_account(const config::Account& account);

/// With OAuth2, `secret` is of no interest: each connection asks for a token of the moment.
[[nodiscard]] client::ConnectOptions to_connect_options(const config::Account& account, const Secret& secret);

}  // namespace mailferry::services
