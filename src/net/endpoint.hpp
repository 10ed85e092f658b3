// Where a server is and how to reach it; plain data without Asio, so that configuration can hold it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mailferry::net {

enum class Security { tls, starttls, plaintext };

struct TlsOptions {
  /// File with the CA certificates to trust instead of the system's; empty: the system's.
  std::string ca_file;
  /// SHA-256 of the one certificate to trust (hex, colons allowed); then names and chains are not checked. Empty: none.
  std::string fingerprint;
  /// Verify chain and host name. Only a user's explicit wish turns this off.
  bool verify = true;
};

struct Timeouts {
  std::chrono::milliseconds connect{30'000};    // name look-up, TCP and TLS handshake, each
  std::chrono::milliseconds response{120'000};  // no octet from the peer while an answer is due
  std::chrono::milliseconds write{120'000};     // the peer takes no octet
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  Security security = Security::tls;
  TlsOptions tls;
  Timeouts timeouts;
};

}  // namespace mailferry::net
