// The commands of the server side that name messages: FETCH, STORE, SEARCH, COPY, MOVE and their UID forms.
#pragma once

#include "mail/flags.hpp"
#include "mail/internal_date.hpp"
#include "mail/uid.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mailferry::imap {

/// sequence-set as sent (RFC 9051 §9): the session knows what "*" is. Order and overlaps are kept.
struct SequenceSet {
  /// Stands for "*".
  static constexpr std::uint32_t kLast = 0;
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const Range&) const = default;
  };
  /// "$", the saved search result (RFC 5182); then there are no ranges.
  bool saved_result = false;
  std::vector<Range> ranges;
  bool operator==(const SequenceSet&) const = default;
};

/// RFC 9394: positions from the front (both positive) or from the back (both negative).
struct PartialRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// What stands in BODY[…] and BINARY[…] (RFC 9051 §6.4.5, RFC 3516).
struct Section {
  enum class Text { whole, header, header_fields, header_fields_not, text, mime };
  std::vector<std::uint32_t> part;
  Text text = Text::whole;
  std::vector<std::string> fields;
};

struct FetchItem {
  enum class Kind {
    envelope,
    flags,
    internal_date,
    rfc822,
    rfc822_header,
    rfc822_size,
    rfc822_text,
    body,
    body_structure,
    uid,
    modseq,
    section,
    binary,
    binary_size,
    email_id,
    thread_id,
    save_date,
    preview,
    gm_message_id,
    gm_thread_id,
    gm_labels,
  };
  Kind kind = Kind::flags;
  bool peek = false;  // section, binary
  bool lazy = false;  // preview (RFC 8970)
  Section section;    // section, binary, binary_size
  /// "<offset.count>".
  std::optional<std::pair<std::uint64_t, std::uint64_t>> partial;
};

struct FetchCommand {
  bool uid = false;
  SequenceSet messages;
  std::vector<FetchItem> items;         // the macros ALL, FAST and FULL are spelled out
  std::optional<ModSeq> changed_since;  // RFC 7162
  bool vanished = false;
  std::optional<PartialRange> partial;
};

struct StoreCommand {
  enum class Mode { replace, add, remove };
  bool uid = false;
  SequenceSet messages;
  std::optional<ModSeq> unchanged_since;  // RFC 7162
  Mode mode = Mode::replace;
  bool silent = false;
  Flags flags;
  std::optional<std::vector<std::string>> gm_labels;  // X-GM-LABELS instead of FLAGS
};

/// COPY and MOVE.
struct CopyCommand {
  bool uid = false;
  bool move = false;
  SequenceSet messages;
  std::string mailbox;
};

/// UID EXPUNGE (RFC 4315).
struct ExpungeUidsCommand {
  SequenceSet messages;
};

/// One search key (RFC 9051 §6.4.4, RFC 5032, RFC 7162, RFC 8474, RFC 8514, X-GM-EXT-1); only what its kind needs is
/// set.
struct SearchKey {
  enum class Kind {
    all,
    answered,
    bcc,
    before,
    body,
    cc,
    deleted,
    draft,
    email_id,
    flagged,
    from,
    gm_labels,
    gm_message_id,
    gm_raw,
    gm_thread_id,
    header,
    keyword,
    larger,
    modseq,
    new_,
    not_,
    old,
    older,
    on,
    or_,
    recent,
    save_date_supported,
    saved_before,
    saved_on,
    saved_since,
    seen,
    sent_before,
    sent_on,
    sent_since,
    since,
    smaller,
    subject,
    text,
    thread_id,
    to,
    unanswered,
    undeleted,
    undraft,
    unflagged,
    unkeyword,
    unseen,
    uid,
    younger,
    sequence,
    and_,
  };
  Kind kind = Kind::all;
  std::string text;          // strings, keywords, ids; HEADER: the value; MODSEQ: the entry name
  std::string field;         // HEADER: the name; MODSEQ: the entry type
  std::uint64_t number = 0;  // LARGER, SMALLER, OLDER, YOUNGER, MODSEQ, X-GM-MSGID, X-GM-THRID
  std::chrono::year_month_day date{};
  SequenceSet set;                  // UID, sequence
  std::vector<SearchKey> children;  // NOT: one; OR: two; and_: a list in parentheses
};

/// SEARCH with RETURN (RFC 4731, RFC 5182, RFC 9394).
struct SearchCommand {
  bool uid = false;
  /// RETURN was given: the answer is ESEARCH. RETURN () means ALL.
  bool extended = false;
  bool return_min = false, return_max = false, return_all = false, return_count = false, save = false;
  std::optional<PartialRange> partial;
  std::string charset;          // upper case; empty: not given
  std::vector<SearchKey> keys;  // all must match
};

}  // namespace mailferry::imap
