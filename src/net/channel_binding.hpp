// What ties a sign-in to the TLS session it is made in, so that nobody in the middle can pass it on.
#pragma once

#include <string>

namespace mailferry::net {

struct ChannelBinding {
  enum class Kind {
    none,
    tls_unique,    // RFC 5929 §3, up to TLS 1.2
    tls_exporter,  // RFC 9266, from TLS 1.3 on
  };
  Kind kind = Kind::none;
  std::string octets{};
};

}  // namespace mailferry::net
