// SASL mechanisms for the client, over GNU SASL; no I/O.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/channel_binding.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::auth {

struct Credentials {
  /// Who signs in: the authentication identity (RFC 4422 §2).
  std::string user;
  /// Whose mail it is, when that is somebody else: the authorization identity. Usually empty.
  std::string authorization_id;
  /// Password, or OAuth2 access token; empty: there is none, only a client certificate can sign in.
  Secret secret;
  bool is_token = false;
  /// The connection presents a client certificate.
  bool has_certificate = false;
};

/// What the connection offers a sign-in.
struct Channel {
  bool encrypted = false;
  /// The user allowed secrets to travel unencrypted.
  bool allow_plaintext = false;
  net::ChannelBinding binding{};
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
  /// A refusal now need not mean that the password is wrong: the server may have no verifier for this mechanism, or an
  /// old one, though it offers it (GNU imap4d, Dovecot with hashed passwords).
  [[nodiscard]] virtual bool may_be_unusable() const noexcept { return false; }
};

/// The strongest mechanism that both offer and the channel allows: SCRAM-SHA-256 and SCRAM-SHA-1 with channel binding
/// (PLUS) and without, CRAM-MD5, PLAIN, LOGIN (with a token: OAUTHBEARER, XOAUTH2; without a secret: EXTERNAL). Those
/// that reveal the secret only when `channel` is encrypted or allows it. With an authorization identity only those that
/// can tell it. `offered` is compared without regard to case. `weaker_than`: a mechanism that failed, only those behind
/// it count. nullptr: none fits, but the channel may carry a password (then the LOGIN command may be used if
/// LOGINDISABLED is absent). Error{auth, account}: none fits and the LOGIN command is no way either; credentials with
/// NUL or SOH.
[[nodiscard]] Result<std::unique_ptr<SaslClient>> choose_mechanism(const std::vector<std::string>& offered,
                                                                   const Credentials& credentials,
                                                                   const Channel& channel,
                                                                   std::string_view weaker_than = {});

}  // namespace mailferry::auth
