// What the keys of mailferry.toml set, before it is checked as a whole. Plain data.
#pragma once

#include "auth/oauth/oauth_settings.hpp"
#include "auth/secret_source.hpp"
#include "config/map_rule.hpp"
#include "net/endpoint.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::config {

/// One [account.NAME].
struct AccountSettings {
  std::string name;
  std::optional<std::string> url;
  std::optional<std::string> host;
  std::optional<std::string> user;
  std::optional<std::uint16_t> port;
  std::optional<net::Security> security;
  std::vector<auth::SecretSource> secrets;
  std::optional<auth::OAuthProvider> oauth_provider;
  auth::OAuthSettings oauth;
  std::string auth_user;
  std::string proxy;
  std::string proxy_password_file;
  std::string tunnel;
  net::Compression compression = net::Compression::automatic;
  bool trust_first_use = false;
  net::TlsOptions tls;
  net::Timeouts timeouts;
  unsigned connections = 0;
  std::optional<std::uint64_t> daily_download{};
  std::optional<std::uint64_t> daily_upload{};
};

/// [copy]: what the command line does not say.
struct CopyDefaults {
  std::string state_file;
  unsigned connections = 0;
  std::uint64_t window_octets = 0;
  std::vector<std::string> mailbox;
  std::vector<std::string> exclude;
  std::vector<MapRule> map;
};

}  // namespace mailferry::config
