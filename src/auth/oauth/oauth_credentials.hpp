// Access tokens of one account, always fresh: refreshed before they end, and once more when a server refuses one.
#pragma once

#include "auth/credential_source.hpp"
#include "auth/oauth/oauth_setup.hpp"
#include "auth/oauth/oauth_tokens.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace mailferry::auth {

class OAuthCredentials final : public CredentialSource {
 public:
  /// `base` has everything but the token. Nothing is read before current().
  OAuthCredentials(OAuthSettings settings, OAuthAccount account, Credentials base);

  /// Any number of connections may ask at the same time: one refresh serves them all.
  /// Errors: auth (not signed in, the refresh token is dead: with what to do), usage, local_io, network. A refresh that
  /// fails for a passing reason is no error while the token still serves.
  Task<Credentials> current(asio::io_context& context) override;
  Task<bool> renew(asio::io_context& context, const Credentials& refused) override;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Credentials credentials() const;
  [[nodiscard]] bool is_due(const OAuthTokens& tokens) const;
  [[nodiscard]] Result<TokenFile> load() const;
  Result<> prepare();
  struct Refresh;
  Task<> refresh(asio::io_context& context);
  Task<> refresh_alone(asio::io_context& context);
  Task<> replace(asio::io_context& context, TokenFile file);
  Task<> save(asio::io_context& context, const TokenFile& file);
  void adopt(OAuthTokens tokens);

  OAuthSettings settings_;
  OAuthAccount account_;
  Credentials base_;
  std::optional<OAuthSetup> setup_;
  OAuthTokens tokens_;
  std::chrono::seconds lead_{0};
  std::optional<Clock::time_point> refreshed_{};  // by this program; absent: from the file
  bool unsaved_ = false;                          // newer than what is in the file
  std::shared_ptr<Refresh> under_way_{};          // all who need one have its outcome
};

}  // namespace mailferry::auth
