// Cuts sets of UIDs into what one command may name.
#pragma once

#include "imap/capabilities.hpp"
#include "mail/uid_set.hpp"

namespace mailferry::stores::imap {

/// Octets of a set in a command. With the longest rest of a command, the header fields of a scan, its line has fewer
/// than 1,000 (quirks y4, x26 and o7).
inline constexpr std::size_t kSetOctets = 800;

/// Takes smallest UIDs, in ascending order (quirk c9), out of `uids`, as many as one command may name; at least one
/// range or a part of it. More of them than the server handles at a time would be answered in part (quirk y1).
[[nodiscard]] UidSet take_part(UidSet& uids, const mailferry::imap::Capabilities& capabilities);

}  // namespace mailferry::stores::imap
