#include "auth/oauth/pkce.hpp"

#include "base/encoding.hpp"
#include "base/sha256.hpp"

#include <array>
#include <cstdlib>
#include <sys/random.h>

namespace mailferry::auth {

std::string to_base64_url(std::string_view octets) {
  auto text = to_base64(octets);
  while (text.ends_with('='))
    text.pop_back();
  for (auto& c : text)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Secret make_random_text() {
  std::array<char, 32> octets{};
  // Up to 256 octets come whole or, without a random generator, never.
  if (::getrandom(octets.data(), octets.size(), 0) != static_cast<ssize_t>(octets.size())) std::abort();
  return Secret(to_base64_url({octets.data(), octets.size()}));
}

std::string challenge_of(const Secret& verifier) {
  Sha256 digest;
  digest.update(verifier.reveal());
  const auto sum = digest.finish();
  return to_base64_url({reinterpret_cast<const char*>(sum.data()), sum.size()});
}

}  // namespace mailferry::auth
