// The two ways that end with an authorization code (RFC 6749 §4.1) and PKCE: by loopback and by pasting.
#pragma once

#include "auth/oauth/sign_in_flow.hpp"

#include <string>
#include <string_view>

namespace mailferry::auth {

Task<OAuthTokens> sign_in_by_loopback(asio::io_context& context, const OAuthSetup& setup, std::uint16_t port,
                                      SignInGuide& guide);
Task<OAuthTokens> sign_in_by_paste(asio::io_context& context, const OAuthSetup& setup, SignInGuide& guide);

/// A browser that is sent there reaches this machine; so does an empty URL, for which one is made.
[[nodiscard]] bool leads_here(std::string_view redirect_url);

/// One attempt: what the provider is told first, and what proves later that the answer belongs to it.
struct CodeRequest {
  std::string redirect_url;
  Secret verifier;
  Secret state;
};
[[nodiscard]] CodeRequest make_code_request(std::string redirect_url);
/// The address for the browser.
[[nodiscard]] std::string authorize_url(const OAuthSetup& setup, const CodeRequest& request);

/// What a redirect's query says: the code, or an Error{auth}: refused by the user, or another state than `state`.
[[nodiscard]] Result<Secret> code_in_query(std::string_view query, const Secret& state);
/// What the user pasted: a bare code, also percent-encoded, or the whole address that the browser ended at, whose state
/// must be right. Errors: auth.
[[nodiscard]] Result<Secret> code_in_pasted(std::string_view text, const Secret& state);

}  // namespace mailferry::auth
