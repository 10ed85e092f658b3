// What makes two messages for the operator the same event.
#pragma once

#include <string>
#include <string_view>

namespace mailferry::report {

/// The text without what differs each time: numbers, delays, UIDs, dates, times, addresses of machines and identifiers,
/// that is, words with digits. Addresses of mail and paths of mailboxes stay.
[[nodiscard]] std::string event_key(std::string_view text);

}  // namespace mailferry::report
