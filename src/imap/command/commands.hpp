// One function a command that the client sends; the capability it needs is named. Mailbox names are in wire form.
#pragma once

#include "imap/command/command.hpp"

#include <functional>
#include <span>

namespace mailferry::imap {

/// A command without its tag: called once with the writer that carries the tag.
struct Command {
  std::string name;  // "UID FETCH", for logs and errors
  std::function<void(CommandWriter&)> write;
};

enum class StoreMode { add, remove, replace };

namespace commands {
Command capability();
Command noop();
Command logout();
Command starttls();
Command login(std::string_view user, std::string_view password);
/// `initial_response` is base64 already, "=" for an empty one (RFC 4959); nullopt without SASL-IR.
Command authenticate(std::string_view mechanism, std::optional<std::string_view> initial_response);
Command id(const std::vector<std::pair<std::string, std::string>>& fields);  // RFC 2971
Command enable(const std::vector<std::string_view>& names);                  // RFC 5161
Command namespace_();                                                        // RFC 2342
Command compress_deflate();                                                  // RFC 4978
Command list(std::string_view reference, std::string_view pattern);
Command lsub(std::string_view reference, std::string_view pattern);
/// LIST-EXTENDED: selection "(SUBSCRIBED)" and RETURN options; `status_items` needs LIST-STATUS (RFC 5819).
struct ListOptions {
  bool select_subscribed = false;
  bool return_subscribed = false;
  bool return_children = false;
  bool return_special_use = false;
  std::vector<std::string_view> status_items = {};
};
Command list_extended(std::string_view reference, std::string_view pattern, const ListOptions& options);
Command status(std::string_view mailbox, const std::vector<std::string_view>& items);
/// `use`: "\Sent" with CREATE-SPECIAL-USE (RFC 6154), else empty.
Command create(std::string_view mailbox, std::string_view use = {});
Command delete_(std::string_view mailbox);
Command rename(std::string_view from, std::string_view to);
Command subscribe(std::string_view mailbox);
Command unsubscribe(std::string_view mailbox);
struct QResync {
  UidValidity uid_validity = 0;
  ModSeq modseq = 0;
};
Command select(std::string_view mailbox, bool condstore = false, std::optional<QResync> qresync = {});
Command examine(std::string_view mailbox, bool condstore = false, std::optional<QResync> qresync = {});
Command unselect();  // RFC 3691
Command close();
Command check();
Command expunge();
Command uid_expunge(const UidSet& uids);  // UIDPLUS
/// What a UID FETCH asks for; header_fields gives BODY.PEEK[HEADER.FIELDS (…)].
struct FetchItems {
  bool flags = false, internal_date = false, size = false, modseq = false, body = false, header = false,
       envelope = false, body_structure = false, email_id = false, gm_message_id = false, gm_labels = false;
  std::vector<std::string_view> header_fields = {};
};
Command uid_fetch(const UidSet& uids, const FetchItems& items, std::optional<ModSeq> changed_since = {},
                  bool vanished = false);
/// "first:*". Filter by UID: a server answers with the last message even when its UID is smaller (quirk x19).
Command uid_fetch_from(Uid first, const FetchItems& items, std::optional<ModSeq> changed_since = {},
                       bool vanished = false);
Command uid_store(const UidSet& uids, StoreMode mode, const Flags& flags, bool silent = true,
                  std::optional<ModSeq> unchanged_since = {});
/// "+X-GM-LABELS.SILENT (…)"; labels in wire form (modified UTF-7), those of Gmail itself begin with a backslash.
Command uid_add_gmail_labels(const UidSet& uids, const std::vector<std::string>& labels);
Command uid_copy(const UidSet& uids, std::string_view mailbox);
Command uid_move(const UidSet& uids, std::string_view mailbox);  // RFC 6851
/// All UIDs from `first` on: with `esearch` "UID SEARCH RETURN (ALL) UID first:*".
Command uid_search_from(Uid first, bool esearch);
/// Messages that have one of `values`, at least one, in that header field.
Command uid_search_header(std::string_view field, std::vector<std::string> values, bool esearch);
Command idle();  // ends with the line "DONE"
/// `events`: words and parentheses of RFC 5465 §8, "(selected (MessageNew MessageExpunge)) (personal (MessageNew))".
Command notify_set(std::string_view events);
/// STATUS of each of these mailboxes now and after each event there; the open one tells of them as it always does.
/// `events`: "MessageNew MessageExpunge".
Command notify_mailboxes(const std::vector<std::string>& mailboxes, std::string_view events);
Command notify_none();
Command get_quota_root(std::string_view mailbox);
Command my_rights(std::string_view mailbox);
Command get_acl(std::string_view mailbox);
Command get_metadata(std::string_view mailbox, const std::vector<std::string_view>& entries);
}  // namespace commands

/// "tag APPEND mailbox"; empty when the name cannot be sent (it holds NUL, CR or LF): nothing may be sent then.
[[nodiscard]] std::string append_begin(std::string_view tag, std::string_view mailbox, LiteralMode mode);
/// Adds the head of one message inside APPEND or MULTIAPPEND to `out`: " (flags) \"date\" {n+}\r\n". Without flags or
/// date the argument is left out. True: the client must wait for "+" before it sends the message.
bool append_head(std::string& out, const Flags& flags, const std::optional<InternalDate>& date, std::uint64_t size,
                 LiteralMode mode);

}  // namespace mailferry::imap
