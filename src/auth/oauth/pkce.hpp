// What proves that the program that asked for a code is the one that redeems it: PKCE (RFC 7636) and the state.
#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace mailferry::auth {

/// 43 characters from 32 random octets: a code verifier or a state nobody can guess.
[[nodiscard]] Secret make_random_text();
/// The challenge of a verifier, method S256 (RFC 7636 §4.2).
[[nodiscard]] std::string challenge_of(const Secret& verifier);
/// Base64 with the alphabet for URLs, without padding (RFC 4648 §5).
[[nodiscard]] std::string to_base64_url(std::string_view octets);

}  // namespace mailferry::auth
