#include "mail/body_digest.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace mailferry {
namespace {

/// What some server changes: CR (Courier drops a bare one, others add one to a bare LF) and NUL, which Dovecot stores
/// as 0x80. LF is put off: at the end it does not count.
constexpr std::string_view kAltered("\r\n\0", 3);
constexpr std::string_view kInsteadOfNul = "\x80";
constexpr std::string_view kLineEnds = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";

}  // namespace

struct BodyDigest::State {
  Sha256 hash;
  bool in_header = true;
  bool empty_line = true;       // of the header, so far
  std::uint64_t line_ends = 0;  // not yet hashed: nothing else has followed
  std::string header{};

  std::string_view update_header(std::string_view rest);
  void update_body(std::string_view rest);
  void add_line_ends();
};

void BodyDigest::State::add_line_ends() {
  for (; line_ends > kLineEnds.size(); line_ends -= kLineEnds.size())
    hash.update(kLineEnds);
  if (line_ends > 0) hash.update(kLineEnds.substr(0, line_ends));
  line_ends = 0;
}

/// Octet by octet up to the empty line; what is behind it.
std::string_view BodyDigest::State::update_header(std::string_view rest) {
  std::size_t at = 0;
  for (header.clear(); in_header && at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '\n') {
      ++line_ends;
      in_header = !std::exchange(empty_line, true);
    } else if (c != '\r') {
      empty_line = false;
      // An empty line ends the header: there is never more than one to be added.
      if (std::exchange(line_ends, 0) != 0) header += '\n';
      header += c == '\0' || (c & '\x80') != 0 ? 'X' : c;
    }
  }
  hash.update(header);
  return rest.substr(at);
}

void BodyDigest::State::update_body(std::string_view rest) {
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(kAltered), rest.size());
    const bool is_nul = end < rest.size() && rest[end] == '\0';
    if (end > 0 || is_nul) add_line_ends();
    if (end > 0) hash.update(rest.substr(0, end));
    if (is_nul) hash.update(kInsteadOfNul);
    if (end == rest.size()) return;
    if (rest[end] == '\n') ++line_ends;
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
  state_->line_ends = 0;
  Digest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace mailferry
