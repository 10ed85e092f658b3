// `mailferry auth`: a person allows the access to an account, and the tokens are kept.
#pragma once

#include "auth/oauth/sign_in_flow.hpp"
#include "base/secret.hpp"
#include "config/account.hpp"

#include <cstdint>
#include <optional>

namespace mailferry::services {

struct AuthorizeRequest {
  config::Account account;  // with oauth
  /// Absent: by device code where the provider has any, else by pasting; by loopback when a browser can be on this
  /// machine.
  std::optional<auth::OAuthFlow> flow;
  bool has_display = false;
  std::uint16_t port = 0;  // loopback; 0: any
};

struct AuthorizeReport {
  /// The tokens are in the file.
  bool is_saved = false;
  /// Without a refresh token, the sign-in ends with the access token.
  bool is_lasting = false;
  /// What went wrong; with is_saved: the mail server could not be signed in to.
  std::optional<Error> error;
};

/// Leads `guide` through it, keeps the tokens in the form that the token file has, and signs in to the mail server
/// once.
[[nodiscard]] AuthorizeReport run_authorize(const AuthorizeRequest& request, auth::SignInGuide& guide);

}  // namespace mailferry::services
