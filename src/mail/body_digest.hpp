// The digest of a message's octets with line ends made equal, to tell messages apart whose headers do not.
#pragma once

#include "mail/message_identity.hpp"

#include <memory>
#include <span>

namespace mailferry {

/// Feed the message in pieces of any size. CR, LF and CRLF count as one line end each; line ends at the very end do not
/// count (servers add or drop them).
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
