// Signing in at a provider with the help of a person: the three ways to get the first tokens of an account.
#pragma once

#include "async/task.hpp"
#include "auth/oauth/oauth_setup.hpp"
#include "auth/oauth/oauth_tokens.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <string>

namespace mailferry::auth {

enum class OAuthFlow {
  loopback,  // a browser on this machine brings the code back by itself (RFC 8252 §7.3)
  device,    // the user enters a short code in a browser anywhere (RFC 8628)
  paste,     // the user brings the code, or the address that the browser ended at
};

/// Tells the user what to do. The texts are safe to show.
class SignInGuide {
 public:
  virtual ~SignInGuide() = default;
  /// Open `url` in a browser on this machine; `listening` is where the answer is waited for.
  virtual void open_here(const std::string& url, const std::string& listening) = 0;
  /// Open `url` in any browser and enter `code`; `full_url`, which may be empty, needs no code.
  virtual void enter_code(const std::string& url, const std::string& code, const std::string& full_url) = 0;
  /// Open `url` in any browser; what the user brings back, one line.
  virtual Result<Secret> ask_for_code(const std::string& url) = 0;
};

/// The tokens. `port` is for loopback; 0: any. Each way ends after 15 minutes at the latest. Errors: usage (this
/// provider or client has no such way), auth (refused), timeout, network.
Task<OAuthTokens> sign_in(asio::io_context& context, const OAuthSetup& setup, OAuthFlow flow, std::uint16_t port,
                          SignInGuide& guide);

/// Error{usage} when this way is not possible, with one that is.
[[nodiscard]] Result<> check_flow(const OAuthSetup& setup, OAuthFlow flow);

}  // namespace mailferry::auth
