// Where a server is and how to reach it; plain data without Asio, so that configuration can hold it.
#pragma once

#include "base/secret.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mailferry::net {

enum class Security { tls, starttls, plaintext };

/// COMPRESS=DEFLATE (RFC 4978), where the server offers it. Automatic: when the line was measured to be slow; a
/// connection alone cannot know, so to it this is never.
enum class Compression { automatic, always, never };

struct TlsOptions {
  /// File with the CA certificates to trust instead of the system's; empty: the system's.
  std::string ca_file;
  /// SHA-256 of the one certificate to trust (hex, colons allowed); then names and chains are not checked. Empty: none.
  std::string fingerprint;
  /// Verify chain and host name. Only a user's explicit wish turns this off.
  bool verify = true;
  enum class Version { v1_2, v1_3 };
  /// Older versions of TLS are refused.
  Version least_version = Version::v1_2;
  /// PEM files of a client certificate (with its chain) and its key, which may be in the same file; empty: none.
  std::string certificate_file;
  std::string key_file;
  /// File of the certificates that were trusted on first use; not empty: the first certificate of a server is trusted
  /// whoever issued it, and no other one ever after.
  std::string known_servers_file;
  /// The server's name in that file, "imap.example.org:993".
  std::string known_as;
};

struct Proxy {
  enum class Kind { socks5, http };
  Kind kind = Kind::socks5;
  std::string host;
  std::uint16_t port = 0;
  /// Empty: the proxy is not signed in to.
  std::string user;
  Secret password;
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
  Compression compression = Compression::automatic;
  /// Ask this proxy for the connection.
  std::optional<Proxy> proxy;
  /// Shell command whose standard input and output are the connection; host and port are then only names. Empty: none.
  std::string tunnel;
};

}  // namespace mailferry::net
