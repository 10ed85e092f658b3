// An independent SCRAM server (RFC 5802) for tests, over OpenSSL: it shares no code with the client, and is itself
// checked against the examples of RFC 5802 and RFC 7677.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace mailferry::auth::test {

struct ScramAccount {
  std::string digest;  // "SHA1", "SHA256"
  std::string password;
  std::string salt;  // octets
  unsigned iterations = 4096;
  std::string nonce_suffix;
};

class ScramServer {
 public:
  explicit ScramServer(ScramAccount account) : account_(std::move(account)) {}

  /// server-first-message for a client-first-message ("n,,n=user,r=nonce").
  std::string first(std::string_view client_first);
  /// True when the client's proof is right; then server_final is what to send.
  bool verify(std::string_view client_final);
  [[nodiscard]] std::string server_final() const;

 private:
  ScramAccount account_;
  std::string client_first_bare_;
  std::string server_first_;
  std::string auth_message_;
};

/// ClientProof in base64, for the known answers.
std::string client_proof(const std::string& digest, const std::string& password, const std::string& salt,
                         unsigned iterations, const std::string& auth_message);
/// ServerSignature in base64.
std::string server_signature(const std::string& digest, const std::string& password, const std::string& salt,
                             unsigned iterations, const std::string& auth_message);

std::string from_base64(std::string_view text);
std::string to_base64(std::string_view octets);

}  // namespace mailferry::auth::test
