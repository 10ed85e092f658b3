// Signing in by device code (RFC 8628): for a host without a browser.
#pragma once

#include "auth/oauth/sign_in_flow.hpp"

#include <chrono>
#include <optional>

namespace mailferry::auth {

Task<OAuthTokens> sign_in_by_device(asio::io_context& context, const OAuthSetup& setup, SignInGuide& guide);

/// How long to wait before the next question, after an answer without tokens; nothing: it was the last one. Five
/// seconds more after slow_down (RFC 8628 §3.5).
[[nodiscard]] std::optional<std::chrono::seconds> next_interval(std::chrono::seconds interval, std::string_view code);

}  // namespace mailferry::auth
