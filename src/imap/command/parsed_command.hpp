// What a client says, as values (RFC 3501 and 9051 §6 and the extensions named at each type). The server reads these;
// the client builds its commands with commands.hpp. Messages are in message_commands.hpp.
#pragma once

#include "base/secret.hpp"
#include "imap/command/message_commands.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mailferry::imap {

/// Commands without arguments.
struct SimpleCommand {
  enum class Kind {
    capability,
    noop,
    logout,
    starttls,
    namespace_,
    idle,
    unselect,
    close,
    check,
    expunge,
    notify_none
  };
  Kind kind = Kind::noop;
};

struct LoginCommand {
  std::string user;
  Secret password;
};
/// The initial response is base64 as sent; "=" stands for an empty one (RFC 4959).
struct AuthenticateCommand {
  std::string mechanism;  // upper case
  std::optional<Secret> initial_response;
};
struct IdCommand {  // RFC 2971
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
};
struct EnableCommand {             // RFC 5161
  std::vector<std::string> names;  // upper case
};
struct CompressCommand {  // RFC 4978
  std::string mechanism;  // upper case
};

/// RFC 7162 §3.2.5.2: known UIDs, and which sequence numbers they had.
struct QResyncParameters {
  UidValidity uid_validity = 0;
  ModSeq modseq = 0;
  std::optional<SequenceSet> known_uids;
  std::optional<std::pair<SequenceSet, SequenceSet>> sequence_match;
};
struct SelectCommand {
  bool examine = false;
  std::string mailbox;  // wire form, as in all commands
  bool condstore = false;
  std::optional<QResyncParameters> qresync;
};
/// Commands whose only argument is a mailbox or quota root.
struct MailboxCommand {
  enum class Kind { delete_, subscribe, unsubscribe, get_quota, get_quota_root, my_rights, get_acl };
  Kind kind = Kind::delete_;
  std::string mailbox;
};
struct CreateCommand {
  std::string mailbox;
  std::vector<std::string> uses;  // RFC 6154: "\Sent"
};
struct RenameCommand {
  std::string from;
  std::string to;
};

enum class StatusItem {
  messages,
  recent,
  uid_next,
  uid_validity,
  unseen,
  deleted,
  size,
  highest_modseq,
  append_limit,
  mailbox_id,
  deleted_storage,
};
/// LIST and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440).
struct ListCommand {
  bool lsub = false;
  /// Any option or a pattern list was given: the answer is in the extended form.
  bool extended = false;
  bool select_subscribed = false, select_remote = false, select_recursive_match = false, select_special_use = false;
  std::string reference;
  std::vector<std::string> patterns;
  bool return_subscribed = false, return_children = false, return_special_use = false, return_my_rights = false;
  std::vector<StatusItem> return_status;
};
struct StatusCommand {
  std::string mailbox;
  std::vector<StatusItem> items;
};

struct SetQuotaCommand {  // RFC 9208
  std::string root;
  std::vector<std::pair<std::string, std::uint64_t>> limits;
};
struct SetAclCommand {  // RFC 4314
  enum class Mode { replace, add, remove };
  std::string mailbox;
  std::string identifier;
  Mode mode = Mode::replace;
  std::string rights;
};
struct DeleteAclCommand {
  std::string mailbox;
  std::string identifier;
};
struct ListRightsCommand {
  std::string mailbox;
  std::string identifier;
};

struct GetMetadataCommand {  // RFC 5464
  enum class Depth { zero, one, infinity };
  std::string mailbox;  // empty: of the server
  std::vector<std::string> entries;
  std::optional<std::uint32_t> max_size;
  Depth depth = Depth::zero;
};
struct SetMetadataCommand {
  std::string mailbox;
  std::vector<std::pair<std::string, std::optional<std::string>>> entries;  // nullopt removes
};

/// NOTIFY SET (RFC 5465); NOTIFY NONE is a SimpleCommand.
struct NotifyCommand {
  enum class Filter { selected, selected_delayed, inboxes, personal, subscribed, subtree, mailboxes };
  enum class EventKind {
    message_new,
    message_expunge,
    flag_change,
    annotation_change,
    mailbox_name,
    subscription_change,
    mailbox_metadata_change,
    server_metadata_change,
  };
  struct Event {
    EventKind kind = EventKind::message_new;
    std::vector<FetchItem> items;  // message_new
  };
  struct Group {
    Filter filter = Filter::selected;
    std::vector<std::string> mailboxes;  // subtree, mailboxes
    std::vector<Event> events;           // empty: NONE
  };
  bool status = false;
  std::vector<Group> groups;
};

/// The end of APPEND: its messages came before as events (command_parser.hpp).
struct AppendCommand {
  std::string mailbox;
  std::uint32_t messages = 0;
};

using CommandData =
    std::variant<SimpleCommand, LoginCommand, AuthenticateCommand, IdCommand, EnableCommand, CompressCommand,
                 SelectCommand, MailboxCommand, CreateCommand, RenameCommand, ListCommand, StatusCommand, AppendCommand,
                 ExpungeUidsCommand, FetchCommand, StoreCommand, CopyCommand, SearchCommand, SetQuotaCommand,
                 SetAclCommand, DeleteAclCommand, ListRightsCommand, GetMetadataCommand, SetMetadataCommand,
                 NotifyCommand>;

struct ParsedCommand {
  std::string tag;
  std::string name;  // upper case, "UID FETCH"
  CommandData data;
};

}  // namespace mailferry::imap
