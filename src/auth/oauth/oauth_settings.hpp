// How an account signs in with OAuth2, as the user described it. Plain data.
#pragma once

#include <string>
#include <vector>

namespace mailferry::auth {

enum class OAuthProvider { google, microsoft, custom };

/// What is empty comes from the client file, the token file or the provider's preset, in this order.
struct OAuthSettings {
  OAuthProvider provider = OAuthProvider::custom;
  /// Microsoft: the directory that the users belong to; empty: any.
  std::string tenant;
  /// Google's client_secret*.json.
  std::string client_file;
  std::string client_id;
  std::string client_secret_file;
  /// Where the tokens are kept: read, and replaced at each refresh.
  std::string token_file;
  std::string authorize_url;
  std::string token_url;
  std::string device_url;
  std::string redirect_url;
  std::vector<std::string> scopes;
  /// CA certificates to trust for these addresses, instead of the system's.
  std::string ca_file;
};

}  // namespace mailferry::auth
