// Google's client_secret*.json: who the program is, to the provider.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mailferry::auth {

struct OAuthClientFile {
  std::string id;
  Secret secret;
  std::string authorize_url;
  std::string token_url;
  std::vector<std::string> redirect_urls;
  /// A client for web servers: the browser may only be sent back to one of `redirect_urls`, exactly as written. One for
  /// installed programs may use any port of this machine.
  bool is_web = false;
};

/// {"installed": {…}} or {"web": {…}}. Errors: usage (neither; no client_id); nothing of the text is repeated.
[[nodiscard]] Result<OAuthClientFile> parse_client_file(std::string_view text, const std::string& path);
/// The same from a file. Errors: local_io too.
[[nodiscard]] Result<OAuthClientFile> load_client_file(const std::string& path);

}  // namespace mailferry::auth
