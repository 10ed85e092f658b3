// Which messages of a source mailbox are on the destination already, by what they are (DESIGN §2.5).
#pragma once

#include "plan/message_matching.hpp"
#include "store/store.hpp"
#include "sync/run_context.hpp"

#include <functional>
#include <vector>

namespace mailferry::sync {

/// A request for all messages from UID `from` on.
[[nodiscard]] inline store::ScanRequest scan_of(const MailboxPath& mailbox, UidValidity uid_validity, Uid from = 1) {
  return {.mailbox = mailbox, .uid_validity = uid_validity, .uids = {}, .from = from, .changed_since = 0, .detail = {}};
}

struct MatchedMessage {
  Uid source = 0;
  Uid destination = 0;
  Flags source_flags;
  Flags destination_flags;
};

/// The UIDs on one side.
[[nodiscard]] UidSet uids_of(const std::vector<MatchedMessage>& matched, Uid MatchedMessage::*side);

/// Scans what both requests name (their detail is set here) and pairs equal messages. Mailboxes are multisets: each
/// message is used once. Where headers leave doubt, bodies are compared; of messages that are equal to the last octet
/// those with the same flags belong together. Destination UIDs in `taken` are left out. `flags_there`: which flags a
/// source message should have on the destination; if none of the equal ones has them, or when this is null, those that
/// it has on the source count. Where an identity is `ambiguous`, bodies are compared whatever the headers say.
using FlagsThere = std::function<Flags(Uid)>;
Task<std::vector<MatchedMessage>> match_by_identity(SessionPair& pair, store::ScanRequest source,
                                                    store::ScanRequest destination, const UidSet& taken,
                                                    const FlagsThere* flags_there = nullptr,
                                                    const plan::Ambiguous& ambiguous = {});

}  // namespace mailferry::sync
