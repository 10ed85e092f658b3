// Numbers that IMAP gives to mailboxes and messages (RFC 9051 §2.3.1). Zero always means "unknown" or "none".
#pragma once

#include <cstdint>

namespace mailferry {

using Uid = std::uint32_t;
using UidValidity = std::uint32_t;
using SequenceNumber = std::uint32_t;
/// RFC 7162 §3.1: 63-bit.
using ModSeq = std::uint64_t;

}  // namespace mailferry
