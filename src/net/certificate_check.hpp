// Decides whether a server's certificate is accepted, and says in one sentence why not. Private to net.
#pragma once

#include "base/result.hpp"
#include "net/endpoint.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct x509_st X509;
typedef struct x509_store_ctx_st X509_STORE_CTX;

namespace mailferry::net {

/// Installed into one SSL_CTX and SSL; must outlive them.
class CertificateCheck {
 public:
  /// `peer` is the name for errors. Errors: usage (the fingerprint is not one).
  static Result<CertificateCheck> make(const TlsOptions& options, std::string host, std::string peer);

  /// Trusted authorities and the verification call-back. The object must not move afterwards.
  /// Errors: usage (unreadable CA file).
  Result<> install(SSL_CTX* context);
  /// The name to be found in the certificate: a host name or an address.
  Result<> install(SSL* session);
  /// Why the certificate was refused, if it was.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }

 private:
  CertificateCheck(const TlsOptions& options, std::string host, std::string peer);
  static int call_back(X509_STORE_CTX* context, void* self);
  bool accepts(X509_STORE_CTX* context);
  [[nodiscard]] bool checks_chain() const noexcept {
    return pin_.empty() && options_.verify && options_.known_servers_file.empty();
  }
  bool has_pinned_fingerprint(X509* leaf);
  /// Trust on first use: the certificate on record, or the first one.
  bool is_known(X509* leaf);
  [[nodiscard]] Error explain(int code, X509* culprit, int depth, X509* leaf) const;

  TlsOptions options_;
  std::string host_;
  std::string peer_;
  std::string pin_;  // upper-case hex without colons; empty: none
  std::optional<Error> refusal_;
};

/// "AB:CD:…" of the SHA-256 of the certificate's DER form.
std::string fingerprint_of(X509* certificate);
/// Upper-case hex digits without colons. Errors: usage.
Result<std::string> parse_fingerprint(const std::string& text);
/// Is `host` an address rather than a name?
bool is_address(const std::string& host);

}  // namespace mailferry::net
