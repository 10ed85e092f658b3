#include "mail/body_digest.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <string>

namespace mailferry {

struct BodyDigest::State {
  Sha256 hash;
  std::uint64_t pending_line_ends = 0;  // not yet known whether they stand at the very end
  bool after_cr = false;

  void text(std::string_view piece) {
    for (; pending_line_ends > 0; --pending_line_ends)
      hash.update("\n");
    hash.update(piece);
    after_cr = false;
  }
  void line_end(char octet) {
    if (octet == '\n' && after_cr) {
      after_cr = false;
      return;
    }
    after_cr = octet == '\r';
    ++pending_line_ends;
  }
};

BodyDigest::BodyDigest() : state_(std::make_unique<State>()) {}
BodyDigest::~BodyDigest() = default;

void BodyDigest::update(std::span<const char> octets) {
  std::string_view rest(octets.data(), octets.size());
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    if (end > 0) state_->text(rest.substr(0, end));
    rest.remove_prefix(end);
    if (rest.empty()) return;
    state_->line_end(rest.front());
    rest.remove_prefix(1);
  }
}

Digest BodyDigest::finish() {
  const auto whole = state_->hash.finish();
  state_->pending_line_ends = 0;
  state_->after_cr = false;
  Digest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace mailferry
