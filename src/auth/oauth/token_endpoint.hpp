// Requests to a provider: for tokens (RFC 6749 §5) and for device codes (RFC 8628 §3.2).
#pragma once

#include "async/task.hpp"
#include "auth/oauth/form_text.hpp"
#include "auth/oauth/oauth_setup.hpp"
#include "auth/oauth/oauth_tokens.hpp"

#include <boost/asio/io_context.hpp>

#include <string>
#include <variant>

namespace mailferry::auth {

/// What the provider says when it gives nothing.
struct OAuthRefusal {
  std::string code;         // "invalid_grant"
  std::string description;  // safe to show; may be empty
};

using TokenAnswer = std::variant<OAuthTokens, OAuthRefusal>;

struct DeviceCode {
  Secret device_code;
  std::string user_code;
  std::string url;       // where the user enters the code
  std::string full_url;  // the same with the code in it; may be empty
  std::chrono::seconds lifetime{0};
  std::chrono::seconds interval{5};
};

/// An answer of the token endpoint, read at `now`. Errors: protocol (no JSON, no token in it), throttled (429 and 5xx).
[[nodiscard]] Result<TokenAnswer> parse_token_answer(unsigned status, std::string_view body,
                                                     std::chrono::sys_seconds now);
/// An answer of the device endpoint. Errors: the same, and auth for a refusal.
[[nodiscard]] Result<DeviceCode> parse_device_answer(unsigned status, std::string_view body);

/// Asks for tokens with these parameters; the client's are added. Errors: as post_form() and parse_token_answer().
Task<TokenAnswer> request_tokens(asio::io_context& context, const OAuthSetup& setup, FormText parameters);
/// Asks for a device code.
Task<DeviceCode> request_device_code(asio::io_context& context, const OAuthSetup& setup);

/// The Error of a refusal that nothing but the user can mend. `what` was refused: "the refresh token".
[[nodiscard]] Error to_error(const OAuthRefusal& refusal, const OAuthSetup& setup, std::string_view what);

}  // namespace mailferry::auth
