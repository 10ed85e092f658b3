// The file that keeps the tokens of one account, in the form that it was found in.
#pragma once

#include "auth/oauth/oauth_tokens.hpp"
#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace mailferry::auth {

/// Go's oauth2.Token (access_token, token_type, refresh_token, expiry), or the Credentials of Python's google-auth
/// (token, refresh_token, token_uri, client_id, client_secret, scopes, expiry). Members that are not ours stay.
class TokenFile {
 public:
  enum class Form { go, google_auth };

  /// A new file, in Go's form.
  TokenFile() = default;
  /// `path` is for errors. Errors: auth (neither form; no token in it).
  static Result<TokenFile> parse(std::string_view text, const std::string& path);
  /// Errors: local_io (cannot be read, missing), auth as above. A file that others can read is warned of.
  static Result<TokenFile> load(const std::string& path);

  [[nodiscard]] Form form() const noexcept { return form_; }
  [[nodiscard]] OAuthTokens tokens() const;
  /// Of google-auth's form; otherwise empty.
  [[nodiscard]] std::string client_id() const;
  [[nodiscard]] Secret client_secret() const;
  [[nodiscard]] std::string token_url() const;

  /// An empty refresh token leaves the one that is there.
  void update(const OAuthTokens& tokens);
  [[nodiscard]] std::string text() const;
  /// Replaces the file, mode 600, on disk when this returns. Where `path` is a link, what it leads to is replaced.
  [[nodiscard]] Result<> save(const std::string& path) const;

 private:
  boost::json::object members_;
  Form form_ = Form::go;
};

}  // namespace mailferry::auth
