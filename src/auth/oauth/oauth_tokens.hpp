// The tokens of one account, and when they have to be replaced. Pure: the time comes in as an argument.
#pragma once

#include "base/secret.hpp"

#include <chrono>
#include <optional>

namespace mailferry::auth {

struct OAuthTokens {
  Secret access;
  /// Empty: the provider gave none; the sign-in ends with the access token.
  Secret refresh;
  /// Absent: nobody said.
  std::optional<std::chrono::sys_seconds> expires{};
  /// How long the access token was given for; zero: not known, as when it comes from a file.
  std::chrono::seconds lifetime{0};
};

/// How long before its end an access token is replaced: 5 minutes, but no more than a quarter of its lifetime, and up
/// to a fifth more by chance (`unit_random` in [0, 1)), so that many programs do not come at the same moment.
[[nodiscard]] std::chrono::seconds refresh_lead(std::chrono::seconds lifetime, double unit_random) noexcept;

/// There is no access token, or it ends within `lead`. One whose end nobody knows serves until a server refuses it.
[[nodiscard]] bool is_due(const OAuthTokens& tokens, std::chrono::sys_seconds now, std::chrono::seconds lead) noexcept;

}  // namespace mailferry::auth
