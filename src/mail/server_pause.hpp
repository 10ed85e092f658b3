// What a server says, in words, about waiting: "Suggested Backoff Time: 299893 milliseconds", "try again in 5 minutes",
// "Account exceeded command or bandwidth limits". It reads texts only; response codes have their own table
// (imap/response_errors.hpp), and who waits how is decided elsewhere (plan/quota_ledger.hpp).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace mailferry {

/// Why a server wants to be left alone for a while.
struct ServerPause {
  enum class Cause {
    throttled,    // too fast, or too busy
    bandwidth,    // what may be moved in a day is used up
    storage,      // the account is full
    connections,  // too many at once
  };
  Cause cause = Cause::throttled;
  /// What the server asked for, at most kLongestPause; nothing: it gave no time.
  std::optional<std::chrono::milliseconds> wait{};
};

/// A server that asks for more is asked again after this.
inline constexpr std::chrono::hours kLongestPause{7 * 24};

/// Reads the text of a NO, BAD or BYE, its response code in brackets included if the caller has it. Tolerant of case,
/// order and units; nothing: the text does not ask to wait.
[[nodiscard]] std::optional<ServerPause> read_server_pause(std::string_view text);

/// How long to wait: what the server asked for, else the first pause of the cause, doubled for each time in a row
/// (`in_a_row` is 1 the first time) up to a ceiling.
[[nodiscard]] std::chrono::milliseconds length_of(const ServerPause& pause, int in_a_row);

}  // namespace mailferry
