// The mechanisms that GNU SASL implements, behind SaslClient; no gsasl type leaves this file's implementation.
#pragma once

#include "auth/sasl.hpp"

#include <memory>
#include <string_view>

namespace mailferry::auth {

/// A client for one of SCRAM-SHA-256, SCRAM-SHA-1 (each also with -PLUS), CRAM-MD5, PLAIN, LOGIN, EXTERNAL. Those
/// with -PLUS need a `binding`. Error{auth, account}: the library has
/// not got it.
[[nodiscard]] Result<std::unique_ptr<SaslClient>> make_gnu_mechanism(std::string_view mechanism,
                                                                     const Credentials& credentials,
                                                                     const net::ChannelBinding& binding = {});

}  // namespace mailferry::auth
