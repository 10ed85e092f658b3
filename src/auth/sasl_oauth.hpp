// The two mechanisms that carry an OAuth2 access token.
#pragma once

#include "auth/sasl.hpp"

#include <memory>

namespace mailferry::auth {

/// OAUTHBEARER (RFC 7628).
[[nodiscard]] std::unique_ptr<SaslClient> make_oauthbearer(const Credentials& credentials);
/// XOAUTH2 (Google's and Microsoft's predecessor of it).
[[nodiscard]] std::unique_ptr<SaslClient> make_xoauth2(const Credentials& credentials);

}  // namespace mailferry::auth
