// One mail account as the user described it: where it is, who logs in, and where the secret comes from. Plain data.
#pragma once

#include "auth/oauth/oauth_settings.hpp"
#include "auth/secret_source.hpp"
#include "net/endpoint.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mailferry::config {

struct Account {
  /// The name in mailferry.toml; empty when the account was given as a URL.
  std::string name;
  /// The login name, decoded; may contain '@'.
  std::string user;
  net::Endpoint endpoint;
  auth::SecretSource secret;
  /// The account signs in with OAuth2 instead of a secret.
  std::optional<auth::OAuthSettings> oauth;
  /// Login name whose password is used, when it is not `user`: an administrator's. Empty: `user`.
  std::string auth_user;
  /// Trust the first certificate that the server shows, whoever issued it.
  bool trust_first_use = false;
  /// Where the password for endpoint.proxy comes from.
  auth::SecretSource proxy_secret;
  /// The user allowed the password to travel without TLS; only set together with Security::plaintext.
  bool allow_plaintext = false;
  /// The most connections to this account at a time; 0: decided by what is measured. Already includes --connections.
  unsigned connections = 0;
  /// The most octets that a bridge fetches from and brings to this account in a day; 0: no limit. Absent: what is known
  /// of the server.
  std::optional<std::uint64_t> daily_download{};
  std::optional<std::uint64_t> daily_upload{};

  /// There may be no password to read: the tunnel command, the client certificate or OAuth2 says who it is.
  [[nodiscard]] bool may_need_no_secret() const noexcept {
    return oauth || !endpoint.tunnel.empty() || !endpoint.tls.certificate_file.empty();
  }
  /// "alice@mail.example.org:993", for messages and as the account's key in the state, which finds it by its other port
  /// too (host in lower case, IPv6 in brackets).
  [[nodiscard]] std::string label() const;
};

/// The same mailboxes would be read and written: same user and host, and the same port (143 and 993 count as one
/// server).
[[nodiscard]] bool is_same_account(const Account& one, const Account& other);

}  // namespace mailferry::config
