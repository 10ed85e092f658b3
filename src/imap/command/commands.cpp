#include "imap/command/commands.hpp"

#include "imap/command/wire_text.hpp"
#include "imap/syntax/characters.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mailferry::imap {
namespace commands {
namespace {

using Words = std::vector<std::string_view>;
using OwnedWords = std::vector<std::string>;

Command plain(std::string name) {
  auto write = [name](CommandWriter& out) { out.atom(name); };
  return {std::move(name), std::move(write)};
}

Command on_mailbox(std::string name, std::string_view mailbox) {
  auto write = [name, mailbox = std::string(mailbox)](CommandWriter& out) { out.atom(name).mailbox(mailbox); };
  return {std::move(name), std::move(write)};
}

Command on_uids_and_mailbox(std::string name, const UidSet& uids, std::string_view mailbox) {
  auto write = [name, uids, mailbox = std::string(mailbox)](CommandWriter& out) {
    out.atom(name).uid_set(uids).mailbox(mailbox);
  };
  return {std::move(name), std::move(write)};
}

Command on_pattern(std::string name, std::string_view reference, std::string_view pattern) {
  auto write = [name, reference = std::string(reference), pattern = std::string(pattern)](CommandWriter& out) {
    out.atom(name).string(reference).list_pattern(pattern);
  };
  return {std::move(name), std::move(write)};
}

OwnedWords own(const Words& words) {
  return {words.begin(), words.end()};
}
Words view(const OwnedWords& words) {
  return {words.begin(), words.end()};
}

Command open_mailbox(std::string name, std::string_view mailbox, bool condstore, std::optional<QResync> qresync) {
  auto write = [name, mailbox = std::string(mailbox), condstore, qresync](CommandWriter& out) {
    out.atom(name).mailbox(mailbox);
    if (qresync) {
      // RFC 7162 §3.2.5: QRESYNC implies CONDSTORE.
      out.open().atom("QRESYNC").open().number(qresync->uid_validity).number(qresync->modseq).close().close();
    } else if (condstore) {
      out.list({"CONDSTORE"});
    }
  };
  return {std::move(name), std::move(write)};
}

/// FetchItems with its names owned.
struct OwnedItems {
  FetchItems items;
  OwnedWords header_fields;
};

OwnedItems own(const FetchItems& items) {
  OwnedItems owned{.items = items, .header_fields = own(items.header_fields)};
  owned.items.header_fields.clear();
  return owned;
}

void write_items(CommandWriter& out, const OwnedItems& owned) {
  static constexpr std::pair<bool FetchItems::*, std::string_view> kItems[] = {
      {&FetchItems::flags, "FLAGS"},
      {&FetchItems::internal_date, "INTERNALDATE"},
      {&FetchItems::size, "RFC822.SIZE"},
      {&FetchItems::modseq, "MODSEQ"},
      {&FetchItems::email_id, "EMAILID"},
      {&FetchItems::gm_message_id, "X-GM-MSGID"},
      {&FetchItems::gm_labels, "X-GM-LABELS"},
      {&FetchItems::envelope, "ENVELOPE"},
      {&FetchItems::body_structure, "BODYSTRUCTURE"},
  };
  const auto wanted = [&owned](const auto& item) { return owned.items.*item.first; };
  out.open();
  const bool sections = owned.items.header || owned.items.body || !owned.header_fields.empty();
  if (!sections && std::none_of(std::begin(kItems), std::end(kItems), wanted)) out.atom("UID");
  for (const auto& item : kItems) {
    if (wanted(item)) out.atom(item.second);
  }
  if (!owned.header_fields.empty()) out.header_fields(view(owned.header_fields));
  if (owned.items.header) out.atom("BODY.PEEK[HEADER]");
  if (owned.items.body) out.atom("BODY.PEEK[]");  // not RFC822 (quirk i1), which also sets \Seen
  out.close();
}

void write_fetch_modifiers(CommandWriter& out, std::optional<ModSeq> changed_since, bool vanished) {
  if (!changed_since) return;
  out.open().atom("CHANGEDSINCE").number(*changed_since);
  if (vanished) out.atom("VANISHED");
  out.close();
}

void start_search(CommandWriter& out, bool esearch) {
  out.atom("UID SEARCH");
  if (esearch) out.atom("RETURN").list({"ALL"});
}

/// Words and parentheses of the fixed vocabulary; nothing else gets through CommandWriter::atom.
void write_nested_words(CommandWriter& out, std::string_view text) {
  while (!text.empty()) {
    const char first = text.front();
    const std::size_t length = std::min(text.find_first_of(" ()"), text.size());
    if (first == '(') out.open();
    if (first == ')') out.close();
    if (length > 0) out.atom(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void write_list_options(CommandWriter& out, const ListOptions& options, const OwnedWords& status_items) {
  const bool any = options.return_subscribed || options.return_children || options.return_special_use;
  if (!any && status_items.empty()) return;
  out.atom("RETURN").open();
  if (options.return_subscribed) out.atom("SUBSCRIBED");
  if (options.return_children) out.atom("CHILDREN");
  if (options.return_special_use) out.atom("SPECIAL-USE");
  if (!status_items.empty()) out.atom("STATUS").list(view(status_items));
  out.close();
}

/// Gmail's own, such as \\Starred.
bool is_system_label(std::string_view label) {
  return label.size() > 1 && label.front() == '\\' && std::all_of(label.begin() + 1, label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

}  // namespace

Command capability() {
  return plain("CAPABILITY");
}
Command noop() {
  return plain("NOOP");
}
Command logout() {
  return plain("LOGOUT");
}
Command starttls() {
  return plain("STARTTLS");
}
Command namespace_() {
  return plain("NAMESPACE");
}
Command compress_deflate() {
  return plain("COMPRESS DEFLATE");
}
Command unselect() {
  return plain("UNSELECT");
}
Command close() {
  return plain("CLOSE");
}
Command check() {
  return plain("CHECK");
}
Command expunge() {
  return plain("EXPUNGE");
}
Command idle() {
  return plain("IDLE");
}
Command notify_none() {
  return plain("NOTIFY NONE");
}

Command delete_(std::string_view mailbox) {
  return on_mailbox("DELETE", mailbox);
}
Command subscribe(std::string_view mailbox) {
  return on_mailbox("SUBSCRIBE", mailbox);
}
Command unsubscribe(std::string_view mailbox) {
  return on_mailbox("UNSUBSCRIBE", mailbox);
}
Command get_quota_root(std::string_view mailbox) {
  return on_mailbox("GETQUOTAROOT", mailbox);
}
Command my_rights(std::string_view mailbox) {
  return on_mailbox("MYRIGHTS", mailbox);
}
Command get_acl(std::string_view mailbox) {
  return on_mailbox("GETACL", mailbox);
}

Command list(std::string_view reference, std::string_view pattern) {
  return on_pattern("LIST", reference, pattern);
}
Command lsub(std::string_view reference, std::string_view pattern) {
  return on_pattern("LSUB", reference, pattern);
}

Command login(std::string_view user, std::string_view password) {
  return {"LOGIN", [user = std::string(user), password = std::string(password)](CommandWriter& out) {
            out.atom("LOGIN").astring(user).secret(password);
          }};
}

Command authenticate(std::string_view mechanism, std::optional<std::string_view> initial_response) {
  std::optional<std::string> response;
  if (initial_response) response = std::string(*initial_response);
  return {"AUTHENTICATE", [mechanism = std::string(mechanism), response](CommandWriter& out) {
            out.atom("AUTHENTICATE").atom(mechanism);
            if (response) out.secret(*response);
          }};
}

Command id(const std::vector<std::pair<std::string, std::string>>& fields) {
  return {"ID", [fields](CommandWriter& out) {
            out.atom("ID");
            if (fields.empty()) {
              out.nil();
              return;
            }
            out.open();
            for (const auto& [name, value] : fields)
              out.string(name).string(value);
            out.close();
          }};
}

Command enable(const std::vector<std::string_view>& names) {
  return {"ENABLE", [names = own(names)](CommandWriter& out) {
            out.atom("ENABLE");
            for (const auto& name : names)
              out.atom(name);
          }};
}

Command list_extended(std::string_view reference, std::string_view pattern, const ListOptions& options) {
  auto plain_options = options;
  plain_options.status_items.clear();
  return {"LIST", [reference = std::string(reference), pattern = std::string(pattern), plain_options,
                   items = own(options.status_items)](CommandWriter& out) {
            out.atom("LIST");
            if (plain_options.select_subscribed) out.list({"SUBSCRIBED"});
            out.string(reference).list_pattern(pattern);
            write_list_options(out, plain_options, items);
          }};
}

Command status(std::string_view mailbox, const std::vector<std::string_view>& items) {
  return {"STATUS", [mailbox = std::string(mailbox), items = own(items)](CommandWriter& out) {
            out.atom("STATUS").mailbox(mailbox).list(view(items));
          }};
}

Command create(std::string_view mailbox, std::string_view use) {
  return {"CREATE", [mailbox = std::string(mailbox), use = std::string(use)](CommandWriter& out) {
            out.atom("CREATE").mailbox(mailbox);
            if (!use.empty()) out.open().atom("USE").open().attribute(use).close().close();
          }};
}

Command rename(std::string_view from, std::string_view to) {
  return {"RENAME", [from = std::string(from), to = std::string(to)](CommandWriter& out) {
            out.atom("RENAME").mailbox(from).mailbox(to);
          }};
}

Command select(std::string_view mailbox, bool condstore, std::optional<QResync> qresync) {
  return open_mailbox("SELECT", mailbox, condstore, qresync);
}

Command examine(std::string_view mailbox, bool condstore, std::optional<QResync> qresync) {
  return open_mailbox("EXAMINE", mailbox, condstore, qresync);
}

Command uid_expunge(const UidSet& uids) {
  return {"UID EXPUNGE", [uids](CommandWriter& out) { out.atom("UID EXPUNGE").uid_set(uids); }};
}

Command uid_fetch(const UidSet& uids, const FetchItems& items, std::optional<ModSeq> changed_since, bool vanished) {
  return {"UID FETCH", [uids, owned = own(items), changed_since, vanished](CommandWriter& out) {
            out.atom("UID FETCH").uid_set(uids);
            write_items(out, owned);
            write_fetch_modifiers(out, changed_since, vanished);
          }};
}

Command uid_fetch_from(Uid first, const FetchItems& items, std::optional<ModSeq> changed_since, bool vanished) {
  return {"UID FETCH", [first, owned = own(items), changed_since, vanished](CommandWriter& out) {
            out.atom("UID FETCH").uids_from(first);
            write_items(out, owned);
            write_fetch_modifiers(out, changed_since, vanished);
          }};
}

Command uid_store(const UidSet& uids, StoreMode mode, const Flags& flags, bool silent,
                  std::optional<ModSeq> unchanged_since) {
  const std::string_view sign = mode == StoreMode::add ? "+" : mode == StoreMode::remove ? "-" : "";
  auto item = fmt::format("{}FLAGS{}", sign, silent ? ".SILENT" : "");
  return {"UID STORE", [uids, item, flags, unchanged_since](CommandWriter& out) {
            out.atom("UID STORE").uid_set(uids);
            if (unchanged_since) out.open().atom("UNCHANGEDSINCE").number(*unchanged_since).close();
            out.atom(item).flags(flags);
          }};
}

Command uid_add_gmail_labels(const UidSet& uids, const std::vector<std::string>& labels) {
  return {"UID STORE", [uids, labels](CommandWriter& out) {
            out.atom("UID STORE").uid_set(uids).atom("+X-GM-LABELS.SILENT").open();
            for (const auto& label : labels) {
              if (is_system_label(label)) {
                out.attribute(label);
              } else {
                out.string(label);
              }
            }
            out.close();
          }};
}

Command uid_copy(const UidSet& uids, std::string_view mailbox) {
  return on_uids_and_mailbox("UID COPY", uids, mailbox);
}

Command uid_move(const UidSet& uids, std::string_view mailbox) {
  return on_uids_and_mailbox("UID MOVE", uids, mailbox);
}

Command uid_search_from(Uid first, bool esearch) {
  return {"UID SEARCH", [first, esearch](CommandWriter& out) {
            start_search(out, esearch);
            out.atom("UID").uids_from(first);
          }};
}

Command uid_search_header(std::string_view field, std::vector<std::string> values, bool esearch) {
  return {"UID SEARCH", [field = std::string(field), values = std::move(values), esearch](CommandWriter& out) {
            const auto has_8bit = [](const std::string& value) { return std::ranges::any_of(value, is_8bit); };
            start_search(out, esearch);
            if (std::ranges::any_of(values, has_8bit)) out.atom("CHARSET UTF-8");
            for (std::size_t index = 0; index < values.size(); ++index) {
              if (index + 1 < values.size()) out.atom("OR");
              out.atom("HEADER").astring(field).astring(values[index]);
            }
          }};
}

Command notify_set(std::string_view events) {
  return {"NOTIFY", [events = std::string(events)](CommandWriter& out) {
            out.atom("NOTIFY SET");
            write_nested_words(out, events);
          }};
}

Command notify_mailboxes(const std::vector<std::string>& mailboxes, std::string_view events) {
  return {"NOTIFY", [mailboxes, events = std::string(events)](CommandWriter& out) {
            out.atom("NOTIFY SET STATUS").open().atom("selected").open();
            write_nested_words(out, events);
            out.close().close().open().atom("mailboxes").open();
            for (const auto& mailbox : mailboxes)
              out.mailbox(mailbox);
            out.close().open();
            write_nested_words(out, events);
            out.close().close();
          }};
}

Command get_metadata(std::string_view mailbox, const std::vector<std::string_view>& entries) {
  return {"GETMETADATA", [mailbox = std::string(mailbox), entries = own(entries)](CommandWriter& out) {
            out.atom("GETMETADATA").mailbox(mailbox).open();
            for (const auto& entry : entries)
              out.astring(entry);
            out.close();
          }};
}

}  // namespace commands

namespace {

/// " (\Seen $Label1)", or nothing if none of the flags can be sent.
void append_flags(std::string& out, const Flags& flags) {
  const auto before = out.size();
  out += ' ';
  append_flag_list(out, flags);
  if (out.size() == before + 3) out.resize(before);
}

/// Empty: the name cannot be sent at this place. A waiting literal is none of the choices, the head is one piece.
std::string append_mailbox(std::string_view name, LiteralMode mode) {
  if (is_plain_atom(name)) return std::string(name);
  if (is_quotable(name)) return quoted(name);
  if (name.contains('\0')) return {};
  if (!must_wait(mode, name.size())) return fmt::format("{{{}+}}\r\n{}", name.size(), name);
  // RFC 6855 §3: 8-bit names exist only where quoted strings may hold UTF-8.
  return name.find_first_of("\r\n") == std::string_view::npos ? quoted(name) : std::string();
}

}  // namespace

std::string append_begin(std::string_view tag, std::string_view mailbox, LiteralMode mode) {
  const auto name = append_mailbox(mailbox, mode);
  return name.empty() ? std::string() : fmt::format("{} APPEND {}", tag, name);
}

bool append_head(std::string& out, const Flags& flags, const std::optional<InternalDate>& date, std::uint64_t size,
                 LiteralMode mode) {
  if (!flags.empty()) append_flags(out, flags);
  const bool synchronizing = must_wait(mode, size);
  const fmt::format_int digits(size);
  std::array<char, 64> head;  // all at once: it is written for each message
  char* end = head.data();
  const auto put = [&end](std::string_view text) { end = std::ranges::copy(text, end).out; };
  if (date) {
    const auto text = date->characters();
    put(" \"");
    put({text.data(), text.size()});
    put("\"");
  }
  put(" {");
  put({digits.data(), digits.size()});
  put(synchronizing ? "}\r\n" : "+}\r\n");
  out.append(head.data(), end);
  return synchronizing;
}

}  // namespace mailferry::imap
