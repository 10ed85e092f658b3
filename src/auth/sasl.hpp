// SASL mechanisms for the client, over GNU SASL; no I/O.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::auth {

struct Credentials {
  std::string user;
  std::string authorization_id;  // PLAIN authzid; usually empty
  Secret secret;                 // password, or OAuth2 access token
  bool is_token = false;
};

/// One exchange. Challenges and responses are raw octets (base64 is the protocol's business).
class SaslClient {
 public:
  virtual ~SaslClient() = default;
  /// The name as IMAP spells it, e.g. "SCRAM-SHA-256".
  [[nodiscard]] virtual std::string_view mechanism() const noexcept = 0;
  /// The client speaks first: an initial response exists (to be sent with SASL-IR, or to the first empty challenge).
  [[nodiscard]] virtual bool has_initial_response() const noexcept = 0;
  /// The answer to a challenge (empty challenge for the initial response). Error{auth, account} when the server's proof
  /// is wrong or a challenge is malformed.
  [[nodiscard]] virtual Result<std::string> step(std::string_view challenge) = 0;
  /// Everything that the mechanism asks for has happened, the server's own proof (SCRAM) included. The server's OK
  /// counts only when this is true: otherwise it skipped its proof, and whoever answers need not know the password.
  [[nodiscard]] virtual bool is_complete() const noexcept { return true; }
};

/// The strongest mechanism that both offer and the channel allows: SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN
/// (with a token: OAUTHBEARER, XOAUTH2). Those that reveal the secret only when `encrypted` or `allow_plaintext`.
/// `offered` is compared without regard to case. nullptr: none fits, but the channel may carry a password (then the
/// LOGIN command may be used if LOGINDISABLED is absent). Error{auth, account}: none fits and the LOGIN command would
/// reveal the password, or the secret is a token; credentials with NUL or SOH.
[[nodiscard]] Result<std::unique_ptr<SaslClient>> choose_mechanism(const std::vector<std::string>& offered,
                                                                   const Credentials& credentials, bool encrypted,
                                                                   bool allow_plaintext);

}  // namespace mailferry::auth
