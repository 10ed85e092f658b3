// What an IMAP server says, as values (RFC 9051 §7 and the extensions named at each type). Shared by the client, which
// reads them, and the server, which writes them.
#pragma once

#include "mail/flags.hpp"
#include "mail/internal_date.hpp"
#include "mail/uid.hpp"
#include "mail/uid_set.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mailferry::imap {

enum class Status { ok, no, bad, preauth, bye };

/// Response codes (RFC 9051 §7.1, RFC 5530, and extensions). `other` keeps its name in ResponseCode::name.
enum class Code {
  none,
  alert,
  already_exists,
  appenduid,
  authentication_failed,
  authorization_failed,
  badcharset,
  bad_comparator,
  bad_event,
  bad_url,
  cannot,
  capability,
  client_bug,
  closed,
  contact_admin,
  copyuid,
  corruption,
  expired,
  expunge_issued,
  has_children,
  highestmodseq,
  in_use,
  limit,
  mailboxid,
  max_convert_messages,
  message_limit,
  metadata,
  modified,
  noupdate,
  no_perm,
  no_modseq,
  nonexistent,
  notification_overflow,
  not_saved,
  over_quota,
  parse,
  permanentflags,
  privacy_required,
  read_only,
  read_write,
  referral,
  server_bug,
  temp_fail,
  throttled,
  too_big,
  try_create,
  uid_next,
  uid_not_sticky,
  uid_required,
  uid_validity,
  unavailable,
  undefined_filter,
  unknown_cte,
  unseen,
  use_attr,
  other,
};

struct ResponseCode {
  Code code = Code::none;
  std::string name;                // upper case as sent, e.g. "APPENDUID"
  std::string argument;            // the raw text after the name, e.g. "38505 3955"
  std::uint64_t number = 0;        // UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ, MESSAGELIMIT …
  UidValidity uid_validity = 0;    // APPENDUID, COPYUID
  UidSet source;                   // COPYUID: source UIDs; MODIFIED: the set
  UidSet destination;              // APPENDUID, COPYUID; in the order of the set as sent, which is ascending for us
  std::vector<std::string> atoms;  // CAPABILITY, PERMANENTFLAGS, BADCHARSET
};

/// OK, NO, BAD, PREAUTH, BYE; `tag` is empty for an untagged one.
struct StatusResponse {
  std::string tag;
  Status status = Status::ok;
  ResponseCode code;
  std::string text;
};

/// "+ text"; the base64 of a SASL challenge is left as it is.
struct Continuation {
  std::string text;
};

struct CapabilityData {
  std::vector<std::string> names;
};
struct EnabledData {
  std::vector<std::string> names;
};
struct FlagsData {
  std::vector<std::string> names;
};
struct ExistsData {
  std::uint32_t count = 0;
};
struct RecentData {
  std::uint32_t count = 0;
};
struct ExpungeData {
  SequenceNumber number = 0;
};
/// RFC 7162 §3.2.10.
struct VanishedData {
  bool earlier = false;
  UidSet uids;
};

/// LIST and LSUB (RFC 9051 §7.3.1, RFC 5258).
struct ListData {
  bool lsub = false;
  std::vector<std::string> attributes;  // "\HasNoChildren"; spelling as sent
  char separator = '\0';                // '\0': NIL
  std::string mailbox;                  // wire form: modified UTF-7, or UTF-8 after ENABLE UTF8=ACCEPT / IMAP4rev2
  std::string old_name;                 // OLDNAME, wire form
  std::vector<std::string> child_info;  // CHILDINFO
};

/// STATUS (RFC 9051 §7.3.4, RFC 7162, RFC 7889, RFC 8438, RFC 8474, RFC 9208). Absent items stay empty.
struct StatusData {
  std::string mailbox;  // wire form
  std::optional<std::uint32_t> messages, recent, unseen, deleted;
  std::optional<Uid> uid_next;
  std::optional<UidValidity> uid_validity;
  std::optional<ModSeq> highest_modseq;
  std::optional<std::uint64_t> size, append_limit, deleted_storage;
  std::optional<std::string> mailbox_id;
};

struct SearchData {
  std::vector<std::uint32_t> numbers;
  std::optional<ModSeq> modseq;
  bool sort = false;
};
/// RFC 4731, RFC 9394 (PARTIAL), RFC 7162 (MODSEQ).
struct ESearchData {
  std::string tag;
  bool uid = false;
  std::optional<std::uint32_t> min, max;
  std::optional<std::uint64_t> count;
  std::optional<UidSet> all;
  std::optional<ModSeq> modseq;
  struct Partial {
    std::int64_t first = 0, last = 0;
    UidSet uids;
  };
  std::optional<Partial> partial;
};

/// A parenthesised value of any shape: ENVELOPE, BODYSTRUCTURE, THREAD and whatever is not typed here.
struct Value {
  enum class Kind { nil, atom, string, list };
  Kind kind = Kind::nil;
  std::string text;          // atom or string
  std::vector<Value> items;  // list
};

/// One FETCH response (or UIDFETCH of RFC 9586, then sequence is 0). Absent items stay empty.
struct FetchData {
  SequenceNumber sequence = 0;
  Uid uid = 0;
  std::optional<Flags> flags;
  std::optional<InternalDate> internal_date;
  std::optional<std::uint64_t> size;
  std::optional<ModSeq> modseq;
  std::optional<std::string> email_id, thread_id;            // RFC 8474
  std::optional<std::uint64_t> gm_message_id, gm_thread_id;  // X-GM-EXT-1
  std::optional<std::vector<std::string>> gm_labels;
  std::optional<InternalDate> save_date;  // RFC 8514; absent also when NIL
  std::optional<Value> envelope, body_structure, preview;
  /// Sections that came as strings or small literals held in memory: BODY[HEADER.FIELDS (…)], BINARY.SIZE[1] …
  struct Section {
    std::string name;  // as sent, upper case outside brackets: "BODY[HEADER.FIELDS (DATE)]", without <origin>
    std::optional<std::uint64_t> origin;
    std::optional<std::string> data;  // empty for NIL and for one that was streamed
    bool streamed = false;
  };
  std::vector<Section> sections;
  std::vector<std::pair<std::string, Value>> others;
};

struct NamespaceData {
  struct Entry {
    std::string prefix;
    char separator = '\0';
  };
  std::vector<Entry> personal, other_users, shared;
};
struct IdData {
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
};
struct QuotaData {
  std::string root;
  struct Resource {
    std::string name;
    std::uint64_t usage = 0, limit = 0;
  };
  std::vector<Resource> resources;
};
struct QuotaRootData {
  std::string mailbox;
  std::vector<std::string> roots;
};
struct AclData {
  std::string mailbox;
  std::vector<std::pair<std::string, std::string>> rights;
};
struct MyRightsData {
  std::string mailbox, rights;
};
struct ListRightsData {
  std::string mailbox, identifier;
  std::vector<std::string> rights;
};
struct MetadataData {
  std::string mailbox;
  std::vector<std::pair<std::string, std::optional<std::string>>> entries;  // empty values when only names were sent
};
struct ThreadData {
  std::vector<Value> threads;
};
/// What is not typed here: an untagged response of an unknown kind, one that could not be read, or (with an empty name)
/// a line that is no response at all. Ignored by the client. `raw` is all of it but the last line end.
struct OtherData {
  std::string name;
  std::string raw;
};

using UntaggedData =
    std::variant<CapabilityData, EnabledData, FlagsData, ExistsData, RecentData, ExpungeData, VanishedData, ListData,
                 StatusData, SearchData, ESearchData, FetchData, NamespaceData, IdData, QuotaData, QuotaRootData,
                 AclData, MyRightsData, ListRightsData, MetadataData, ThreadData, OtherData>;

}  // namespace mailferry::imap
