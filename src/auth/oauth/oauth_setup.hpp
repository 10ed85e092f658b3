// All that requests to a provider need, once files have been read and presets filled in.
#pragma once

#include "auth/oauth/oauth_provider.hpp"
#include "auth/oauth/token_file.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/endpoint.hpp"

#include <optional>
#include <string>

namespace mailferry::auth {

/// Whose account it is and how its provider is reached.
struct OAuthAccount {
  std::string name;  // in mailferry.toml, for advice
  std::string user;  // the login name
  std::optional<net::Proxy> proxy;
  net::Timeouts timeouts;
};

struct OAuthSetup {
  OAuthAccount account;
  const OAuthPreset* preset = nullptr;
  std::string client_id;
  Secret client_secret;
  ClientProof client_proof = ClientProof::body;
  std::string authorize_url;
  std::string token_url;
  std::string device_url;
  /// Where the browser is sent back to, exactly; empty: any port of this machine.
  std::string redirect_url;
  std::string scope;
  std::string token_file;
  net::TlsOptions tls;

  /// "run `mailferry auth NAME`".
  [[nodiscard]] std::string advice() const;
};

/// Reads the client file and the client's secret. Blocks, shortly. Errors: usage, local_io, auth.
[[nodiscard]] Result<OAuthSetup> make_oauth_setup(const OAuthSettings& settings, const OAuthAccount& account);
/// Fills in what the setup lacks and a token file of google-auth holds. Error{usage} when there is still no client or
/// no address for tokens.
[[nodiscard]] Result<OAuthSetup> complete_from(const OAuthSetup& setup, const TokenFile& file);

}  // namespace mailferry::auth
