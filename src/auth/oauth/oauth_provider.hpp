// The one table of what mailferry knows about providers of OAuth2.
#pragma once

#include "auth/oauth/oauth_settings.hpp"

#include <span>
#include <string>
#include <string_view>

namespace mailferry::auth {

struct OAuthPreset {
  OAuthProvider provider;
  std::string_view name;           // as in mailferry.toml
  std::string_view authorize_url;  // "{tenant}" stands for the directory
  std::string_view token_url;
  std::string_view device_url;     // empty: see no_device
  std::string_view loopback_host;  // under which a browser is sent back to this machine
  std::string_view scope;
  std::string_view authorize_extra;  // more parameters, form-encoded
  ClientProof client_proof;
  std::string_view no_device;   // why there is no device code
  std::string_view dead_token;  // what usually ends a refresh token, and how to avoid it
};

[[nodiscard]] std::span<const OAuthPreset> oauth_presets() noexcept;
[[nodiscard]] const OAuthPreset& preset_of(OAuthProvider provider) noexcept;
/// `url` with the directory filled in; an empty tenant is "common".
[[nodiscard]] std::string with_tenant(std::string_view url, std::string_view tenant);

}  // namespace mailferry::auth
