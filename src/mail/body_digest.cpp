#include "mail/body_digest.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <string_view>

namespace mailferry {
namespace {

/// What some server changes: line ends (Courier drops a bare CR), and NUL, which Dovecot stores as 0x80.
constexpr std::string_view kAltered("\r\n\0", 3);
constexpr std::string_view kInsteadOfNul = "\x80";

}  // namespace

struct BodyDigest::State {
  Sha256 hash;
};

BodyDigest::BodyDigest() : state_(std::make_unique<State>()) {}
BodyDigest::~BodyDigest() = default;

void BodyDigest::update(std::span<const char> octets) {
  std::string_view rest(octets.data(), octets.size());
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(kAltered), rest.size());
    if (end > 0) state_->hash.update(rest.substr(0, end));
    if (end == rest.size()) return;
    if (rest[end] == '\0') state_->hash.update(kInsteadOfNul);
    rest.remove_prefix(end + 1);
  }
}

Digest BodyDigest::finish() {
  const auto whole = state_->hash.finish();
  Digest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace mailferry
