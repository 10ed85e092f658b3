// The daily mail of a bridge: what was delivered, what went wrong and how often, what is parked, what the quota allows.
#pragma once

#include "report/bridge_status.hpp"
#include "report/digest_log.hpp"

#include <string>

namespace mailferry::report {

/// Accounts, parked messages and the like beyond this are only counted.
inline constexpr std::size_t kMostShown = 200;

struct Digest {
  std::string subject;
  std::string text;
  std::string html;
  std::string message_id;  // the same for the same content, so that one that is in doubt is recognised
  std::string message;     // all of it, ready for APPEND without any flag: it arrives unread
};

/// `recipient` is the user of the destination; without a domain it gets the host of the destination's account. Error:
/// of mime::compose().
[[nodiscard]] Result<Digest> make_digest(const DigestLog& log, const BridgeStatus& status, std::string_view recipient,
                                         WallTime now);

}  // namespace mailferry::report
