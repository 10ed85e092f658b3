// Whether a listing of a mailbox tells of all messages that the server counts.
#pragma once

#include "mail/uid_set.hpp"

namespace mailferry::stores::imap {

/// Compares one listing (UID FETCH 1:* or UID SEARCH 1:*) with the count of the EXAMINE before it, while messages come
/// and go. Only a message that the listing has not told of yet lowers the count when it is expunged: otherwise that
/// would make up for one that is left out (quirk z7).
class ListingCount {
 public:
  ListingCount() = default;
  /// A listing begins in a mailbox of `exists` messages. `uid_next` 0: not known. `is_search`: all UIDs come in one
  /// answer, and whether that tells of what is expunged meanwhile nobody knows; so that never lowers the count.
  ListingCount(std::uint32_t exists, Uid uid_next, bool is_search)
      : expected_(exists), announced_(exists), uid_next_(uid_next), is_search_(is_search) {}

  /// The listing tells of a message, the first time or again.
  void on_listed(std::uint32_t sequence_number, Uid uid);
  /// The answer of a search.
  void on_found(const UidSet& uids) { listed_.add(uids); }
  void on_exists(std::uint32_t count);
  void on_expunge(std::uint32_t sequence_number);
  void on_vanished(const UidSet& uids);

  /// At the end of the listing: how many messages were there at its begin, were not expunged since, and are not listed.
  [[nodiscard]] std::uint64_t missing() const;

 private:
  [[nodiscard]] std::uint64_t arrivals_listed() const;
  void lower(std::uint64_t expunged);

  std::uint64_t expected_ = 0;   // messages of the begin, less those that went before they were listed
  std::uint64_t announced_ = 0;  // messages in the mailbox, as far as the server has told
  std::uint64_t arrived_ = 0;    // since the begin, as far as the server has told
  Uid uid_next_ = 0;
  bool is_search_ = false;
  UidSet listed_;
  UidSet listed_numbers_;  // sequence numbers, not UIDs; moved up as messages are expunged
};

}  // namespace mailferry::stores::imap
