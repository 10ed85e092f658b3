// How an account signs in with OAuth2, as the user described it. Plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mailferry::auth {

enum class OAuthProvider { google, microsoft, custom };

/// How a client with a secret proves who it is (RFC 6749 §2.3.1): each server knows the header, some the body too.
enum class ClientProof { header, body };

/// What is empty comes from the client file, the token file or the provider's preset, in this order.
struct OAuthSettings {
  OAuthProvider provider = OAuthProvider::custom;
  /// Microsoft: the directory that the users belong to; empty: any.
  std::string tenant;
  /// Google's client_secret*.json.
  std::string client_file;
  std::string client_id;
  std::string client_secret_file;
  /// Absent: as the provider's preset says.
  std::optional<ClientProof> client_proof{};
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
