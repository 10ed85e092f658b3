// What a message *is*, on any store; a UID only says where it is (DESIGN §2.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace mailferry {

/// First 16 octets of a SHA-256.
using Digest = std::array<std::uint8_t, 16>;

/// The header fields that identify a message; asked of servers in this order (FETCH BODY.PEEK[HEADER.FIELDS (…)]).
inline constexpr std::array<std::string_view, 9> kIdentityFields = {
    "Message-ID", "Date", "From", "To", "Cc", "Subject", "In-Reply-To", "References", "Received"};

/// Identity from the canonical form of the identity headers. Two messages with equal digests are the same message
/// unless their multiplicities on the two sides differ: then a body digest decides.
struct MessageIdentity {
  /// Version of the canonical form; digests of different versions never match. Values are on disk.
  static constexpr std::uint8_t kVersion = 2;
  Digest digest{};
  /// Neither a Message-ID nor a Received: what a program sends twice in a second may differ in its text only, so a
  /// body digest must decide.
  bool weak = true;
  bool operator==(const MessageIdentity&) const = default;
};

/// Digests the identity fields of a raw header block (LF or CRLF, folded or not, fields in any order, other fields
/// ignored). Blanks are collapsed and comments kept, so refolding and trailing blanks do not change the result; nor do
/// 8-bit octets, which some servers replace (RFC 5322 has none in a header).
[[nodiscard]] MessageIdentity identify_headers(std::string_view header_block);

struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept;
};

}  // namespace mailferry
