// The INTERNALDATE of a message (RFC 9051 §2.3.3): an instant and the zone it was told in.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mailferry {

struct InternalDate {
  /// Seconds since 1970-01-01T00:00:00Z; may be negative.
  std::int64_t seconds = 0;
  /// East of UTC; only a way of telling, not part of the instant.
  std::int16_t zone_minutes = 0;

  /// RFC 9051 date-time without quotes: "17-Jul-1996 02:44:25 -0700"; a day padded with a blank, one-digit days and a
  /// leap second are accepted, as is a two-digit hour only. Errors are of kind protocol, scope message.
  [[nodiscard]] static Result<InternalDate> parse(std::string_view text);
  /// The 26 characters of RFC 9051 date-time, without quotes, in the zone it was told in.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::array<char, 26> characters() const noexcept;
  /// Same instant.
  bool operator==(const InternalDate& other) const noexcept { return seconds == other.seconds; }
};

}  // namespace mailferry
