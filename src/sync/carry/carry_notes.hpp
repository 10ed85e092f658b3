// Keys of what the carriers note in the journal besides messages, and what is in the notes.
#pragma once

#include "mail/uid_set.hpp"
#include "state/journal.hpp"
#include "state/mailbox_key.hpp"

#include <chrono>

namespace mailferry::sync {

inline constexpr std::int64_t kDay = 86'400;

/// A destination is at rest, after a connection to it broke, when nothing came for as long as so many of its longest
/// appends took.
inline constexpr int kQuietAppends = 3;
/// Key of the note with how long the longest append took, in milliseconds, for the start after a crash.
inline constexpr const char* kLongestAppendNote = "slowest_append_ms";

/// Seconds since 1970.
inline std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Error validity_changed(const MailboxPath& path);

/// Key of the note that tells from which date on the mail of a mailbox is wanted (seconds since 1970), fixed when the
/// carrier first saw it: a UIDVALIDITY that changes later does not make old mail wanted.
inline std::string since_note(const MailboxPath& mailbox) {
  return "since:" + state::to_mailbox_key(mailbox);
}

/// Key of the note that tells when a mailbox of which only new mail is wanted was first to be carried (seconds since
/// 1970), while nobody has seen it yet.
inline std::string new_since_note(const MailboxPath& mailbox) {
  return "new_since:" + state::to_mailbox_key(mailbox);
}

/// Key of the note with the UIDs of a route that were never wanted: they are not proven delivered.
inline std::string skipped_note(state::RouteId route) {
  return fmt::format("skipped:{}", route);
}

/// Key of the note with the UIDs of a route that the source did not list any more: should they come back all the same,
/// they were not delivered.
inline std::string gone_note(state::RouteId route) {
  return fmt::format("gone:{}", route);
}

/// Key of the note with the UIDs of a route that were on the destination already. Where it is absent, an older version
/// settled the route and did not tell.
inline std::string there_note(state::RouteId route) {
  return fmt::format("there:{}", route);
}

/// Key of the note with the UIDVALIDITY and UIDNEXT of a destination mailbox (by its key) as it was left: a lower one
/// later means that what was delivered may be gone.
inline std::string left_note(std::string_view mailbox) {
  return fmt::format("left:{}", mailbox);
}

/// Key of the note with the UIDs on the destination that still lack their labels.
inline std::string unlabelled_note(state::RouteId route) {
  return fmt::format("unlabelled:{}", route);
}

/// Key of the note with the UIDVALIDITY of the destination that the places of a route belong to.
inline std::string placed_note(state::RouteId route) {
  return fmt::format("placed:{}", route);
}

/// Key of the note with the UIDVALIDITY of the destination that the intent of a route counts its UIDs by.
inline std::string intended_note(state::RouteId route) {
  return fmt::format("intended:{}", route);
}

inline Result<UidSet> parse_note(const std::optional<std::string>& note) {
  if (!note || note->empty()) return UidSet();
  return UidSet::parse(*note);
}

}  // namespace mailferry::sync
