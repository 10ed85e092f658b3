// Numbers that IMAP gives to mailboxes and messages (RFC 9051 §2.3.1). Zero always means "unknown" or "none".
#pragma once

#include <cstdint>

namespace mailferry {

using Uid = std::uint32_t;
/// UIDNEXT is 32 bits wide as well, so no message has the highest number (RFC 9051 §2.3.1.1).
inline constexpr Uid kLastUid = 0xFFFFFFFE;
using UidValidity = std::uint32_t;
using SequenceNumber = std::uint32_t;
/// RFC 7162 §3.1: 63-bit.
using ModSeq = std::uint64_t;

}  // namespace mailferry
