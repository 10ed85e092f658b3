#include "mail/body_digest.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace mailferry {
namespace {

/// What some server changes: line ends (Courier drops a bare CR), and NUL, which Dovecot stores as 0x80.
constexpr std::string_view kAltered("\r\n\0", 3);
constexpr std::string_view kInsteadOfNul = "\x80";

}  // namespace

struct BodyDigest::State {
  Sha256 hash;
  bool in_header = true;
  bool empty_line = true;  // of the header, so far
  std::string line{};

  std::string_view update_header(std::string_view rest);
  void update_body(std::string_view rest);
};

/// Octet by octet up to the empty line; what is behind it.
std::string_view BodyDigest::State::update_header(std::string_view rest) {
  std::size_t at = 0;
  for (line.clear(); in_header && at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '\n') {
      in_header = !std::exchange(empty_line, true);
    } else if (c != '\r') {
      empty_line = false;
      line += c == '\0' || (c & '\x80') != 0 ? 'X' : c;
    }
  }
  hash.update(line);
  return rest.substr(at);
}

void BodyDigest::State::update_body(std::string_view rest) {
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(kAltered), rest.size());
    if (end > 0) hash.update(rest.substr(0, end));
    if (end == rest.size()) return;
    if (rest[end] == '\0') hash.update(kInsteadOfNul);
    rest.remove_prefix(end + 1);
  }
}

BodyDigest::BodyDigest() : state_(std::make_unique<State>()) {}
BodyDigest::~BodyDigest() = default;

void BodyDigest::update(std::span<const char> octets) {
  std::string_view rest(octets.data(), octets.size());
  if (state_->in_header) rest = state_->update_header(rest);
  state_->update_body(rest);
}

Digest BodyDigest::finish() {
  const auto whole = state_->hash.finish();
  state_->in_header = state_->empty_line = true;
  Digest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace mailferry
