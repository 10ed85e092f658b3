// The digest of what every server keeps of a message's octets, to tell messages apart whose headers do not.
#pragma once

#include "mail/message_identity.hpp"

#include <memory>
#include <span>

namespace mailferry {

/// Feed the message in pieces of any size. CR does not count, wherever it stands, nor does LF at the very end (servers
/// add, drop and change line ends; that between two lines they all keep); NUL counts as 0x80 (what one server stores
/// instead), and in the header, up to the first empty line, both and all 8-bit octets as X (what another one stores).
class BodyDigest {
 public:
  BodyDigest();
  ~BodyDigest();
  BodyDigest(const BodyDigest&) = delete;
  BodyDigest& operator=(const BodyDigest&) = delete;

  void update(std::span<const char> octets);
  /// The digest of all that was fed; begins anew.
  [[nodiscard]] Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailferry
