#include "auth/oauth/oauth_tokens.hpp"

#include <algorithm>

namespace mailferry::auth {

std::chrono::seconds refresh_lead(std::chrono::seconds lifetime, double unit_random) noexcept {
  constexpr std::chrono::seconds kUsual{300};
  const auto lead = lifetime > std::chrono::seconds(0) ? std::min(kUsual, lifetime / 4) : kUsual;
  return lead + std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(lead.count()) * unit_random / 5));
}

bool is_due(const OAuthTokens& tokens, std::chrono::sys_seconds now, std::chrono::seconds lead) noexcept {
  if (tokens.access.empty()) return true;
  return tokens.expires && *tokens.expires <= now + lead;
}

}  // namespace mailferry::auth
