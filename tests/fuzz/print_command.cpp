#include "fuzz/print_command.hpp"

#include "imap/syntax/characters.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mailferry::imap {
namespace {

using std::string;

string text(std::string_view value) {
  if (std::all_of(value.begin(), value.end(), is_quoted_char)) {
    string out = "\"";
    for (const char c : value)
      out += c == '"' || c == '\\' ? string{'\\', c} : string{c};
    return out + "\"";
  }
  return fmt::format("{}{{{}+}}\r\n{}", value.contains('\0') ? "~" : "", value.size(), value);
}

template <class Items, class Print>
string joined(const Items& items, Print print) {
  string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : " ") + print(item);
  return out;
}

template <class Items, class Print>
string list(const Items& items, Print print) {
  return "(" + joined(items, print) + ")";
}

string texts(const std::vector<string>& values) {
  return list(values, text);
}

string number(std::uint32_t value) {
  return value == SequenceSet::kLast ? "*" : fmt::format("{}", value);
}

string set(const SequenceSet& set) {
  if (set.saved_result) return "$";
  string out;
  for (const auto& range : set.ranges) {
    if (!out.empty()) out += ",";
    out += number(range.first);
    if (range.first != range.last) out += ":" + number(range.last);
  }
  return out;
}

string partial(const PartialRange& range) {
  return fmt::format("PARTIAL {}:{}", range.first, range.last);
}

template <class Kind, std::size_t size>
string name_of(Kind kind, const std::string_view (&names)[size]) {
  return string(names[static_cast<std::size_t>(kind)]);
}

string section(const Section& section) {
  static constexpr std::string_view kTexts[] = {"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
  string out = fmt::format("{}", fmt::join(section.part, "."));
  const auto name = name_of(section.text, kTexts);
  if (!out.empty() && !name.empty()) out += ".";
  out += name;
  if (!section.fields.empty()) out += " " + texts(section.fields);
  return "[" + out + "]";
}

string fetch_item(const FetchItem& item) {
  static constexpr std::string_view kNames[] = {
      "ENVELOPE", "FLAGS",         "INTERNALDATE", "RFC822",  "RFC822.HEADER", "RFC822.SIZE", "RFC822.TEXT",
      "BODY",     "BODYSTRUCTURE", "UID",          "MODSEQ",  "BODY",          "BINARY",      "BINARY.SIZE",
      "EMAILID",  "THREADID",      "SAVEDATE",     "PREVIEW", "X-GM-MSGID",    "X-GM-THRID",  "X-GM-LABELS"};
  using enum FetchItem::Kind;
  string out = name_of(item.kind, kNames);
  if (item.peek) out += ".PEEK";
  if (item.kind == FetchItem::Kind::section || item.kind == binary || item.kind == binary_size) {
    out += imap::section(item.section);
  }
  if (item.partial) out += fmt::format("<{}.{}>", item.partial->first, item.partial->second);
  return out + (item.lazy ? " (LAZY)" : "");
}

string status_item(StatusItem item) {
  static constexpr std::string_view kNames[] = {"MESSAGES",    "RECENT",    "UIDNEXT",        "UIDVALIDITY",
                                                "UNSEEN",      "DELETED",   "SIZE",           "HIGHESTMODSEQ",
                                                "APPENDLIMIT", "MAILBOXID", "DELETED-STORAGE"};
  return name_of(item, kNames);
}

constexpr std::string_view kKeyNames[] = {"ALL",         "ANSWERED",   "BCC",
                                          "BEFORE",      "BODY",       "CC",
                                          "DELETED",     "DRAFT",      "EMAILID",
                                          "FLAGGED",     "FROM",       "X-GM-LABELS",
                                          "X-GM-MSGID",  "X-GM-RAW",   "X-GM-THRID",
                                          "HEADER",      "KEYWORD",    "LARGER",
                                          "MODSEQ",      "NEW",        "NOT",
                                          "OLD",         "OLDER",      "ON",
                                          "OR",          "RECENT",     "SAVEDATESUPPORTED",
                                          "SAVEDBEFORE", "SAVEDON",    "SAVEDSINCE",
                                          "SEEN",        "SENTBEFORE", "SENTON",
                                          "SENTSINCE",   "SINCE",      "SMALLER",
                                          "SUBJECT",     "TEXT",       "THREADID",
                                          "TO",          "UNANSWERED", "UNDELETED",
                                          "UNDRAFT",     "UNFLAGGED",  "UNKEYWORD",
                                          "UNSEEN",      "UID",        "YOUNGER"};

/// text() has a namesake among the kinds.
string quote(std::string_view value) {
  return text(value);
}

string key(const SearchKey& each) {
  using enum SearchKey::Kind;
  if (each.kind == and_) return list(each.children, key);
  if (each.kind == sequence) return set(each.set);
  const string name = name_of(each.kind, kKeyNames);
  switch (each.kind) {
    case not_:
    case or_:
      return name + " " + joined(each.children, key);
    case uid:
      return name + " " + set(each.set);
    case header:
      return name + " " + quote(each.field) + " " + quote(each.text);
    case modseq:
      return fmt::format("{} {}{}", name, each.field.empty() ? "" : quote(each.text) + " " + each.field + " ",
                         each.number);
    case larger:
    case smaller:
    case older:
    case younger:
    case gm_message_id:
    case gm_thread_id:
      return fmt::format("{} {}", name, each.number);
    case keyword:
    case unkeyword:
    case email_id:
    case thread_id:
      return name + " " + each.text;
    case bcc:
    case body:
    case cc:
    case from:
    case gm_labels:
    case gm_raw:
    case subject:
    case text:
    case to:
      return name + " " + quote(each.text);
    default:
      break;
  }
  if (each.date == std::chrono::year_month_day{}) return name;
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{} {}-{}-{:04}", name, static_cast<unsigned>(each.date.day()),
                     kMonths[static_cast<unsigned>(each.date.month()) - 1], static_cast<int>(each.date.year()));
}

struct Print {
  string operator()(const SimpleCommand& command) const {
    return command.kind == SimpleCommand::Kind::notify_none ? " NONE" : "";
  }
  string operator()(const LoginCommand& command) const {
    return " " + text(command.user) + " " + text(command.password.reveal());
  }
  string operator()(const AuthenticateCommand& command) const {
    return " " + command.mechanism +
           (command.initial_response ? " " + string(command.initial_response->reveal()) : string());
  }
  string operator()(const IdCommand& command) const {
    if (command.fields.empty()) return " NIL";
    return " " + list(command.fields, [](const auto& field) {
             return text(field.first) + " " + (field.second ? text(*field.second) : "NIL");
           });
  }
  string operator()(const EnableCommand& command) const { return fmt::format(" {}", fmt::join(command.names, " ")); }
  string operator()(const CompressCommand& command) const { return " " + command.mechanism; }
  string operator()(const SelectCommand& command) const {
    string parameters = command.condstore ? " CONDSTORE" : "";
    if (command.qresync) {
      const auto& qresync = *command.qresync;
      parameters += fmt::format(" QRESYNC ({} {}", qresync.uid_validity, qresync.modseq);
      if (qresync.known_uids) parameters += " " + set(*qresync.known_uids);
      if (qresync.sequence_match) {
        parameters += " (" + set(qresync.sequence_match->first) + " " + set(qresync.sequence_match->second) + ")";
      }
      parameters += ")";
    }
    if (!parameters.empty()) parameters = " (" + parameters.substr(1) + ")";
    return " " + text(command.mailbox) + parameters;
  }
  string operator()(const MailboxCommand& command) const { return " " + text(command.mailbox); }
  string operator()(const CreateCommand& command) const {
    const auto self = [](const string& use) { return use; };
    return " " + text(command.mailbox) + (command.uses.empty() ? "" : " (USE " + list(command.uses, self) + ")");
  }
  string operator()(const RenameCommand& command) const { return " " + text(command.from) + " " + text(command.to); }
  string operator()(const ListCommand& command) const {
    if (!command.extended) return " " + text(command.reference) + " " + text(command.patterns.front());
    std::vector<string> selection;
    if (command.select_subscribed) selection.emplace_back("SUBSCRIBED");
    if (command.select_remote) selection.emplace_back("REMOTE");
    if (command.select_recursive_match) selection.emplace_back("RECURSIVEMATCH");
    if (command.select_special_use) selection.emplace_back("SPECIAL-USE");
    std::vector<string> returned;
    if (command.return_subscribed) returned.emplace_back("SUBSCRIBED");
    if (command.return_children) returned.emplace_back("CHILDREN");
    if (command.return_special_use) returned.emplace_back("SPECIAL-USE");
    if (command.return_my_rights) returned.emplace_back("MYRIGHTS");
    if (!command.return_status.empty()) returned.push_back("STATUS " + list(command.return_status, status_item));
    return fmt::format(" ({}) {} {} RETURN ({})", fmt::join(selection, " "), text(command.reference),
                       texts(command.patterns), fmt::join(returned, " "));
  }
  string operator()(const StatusCommand& command) const {
    return " " + text(command.mailbox) + " " + list(command.items, status_item);
  }
  string operator()(const AppendCommand& command) const {
    return fmt::format(" {} ;{} messages", text(command.mailbox), command.messages);
  }
  string operator()(const ExpungeUidsCommand& command) const { return " " + set(command.messages); }
  string operator()(const FetchCommand& command) const {
    std::vector<string> modifiers;
    if (command.changed_since) modifiers.push_back(fmt::format("CHANGEDSINCE {}", *command.changed_since));
    if (command.vanished) modifiers.emplace_back("VANISHED");
    if (command.partial) modifiers.push_back(partial(*command.partial));
    return " " + set(command.messages) + " " + list(command.items, fetch_item) +
           (modifiers.empty() ? "" : fmt::format(" ({})", fmt::join(modifiers, " ")));
  }
  string operator()(const StoreCommand& command) const {
    static constexpr std::string_view kSigns[] = {"", "+", "-"};
    const auto label = [](const string& each) {
      return each.starts_with('\\') && is_atom(each.substr(1)) ? each : text(each);
    };
    string out = " " + set(command.messages);
    if (command.unchanged_since) out += fmt::format(" (UNCHANGEDSINCE {})", *command.unchanged_since);
    out += " " + name_of(command.mode, kSigns) + (command.gm_labels ? "X-GM-LABELS" : "FLAGS");
    if (command.silent) out += ".SILENT";
    return out + " " + (command.gm_labels ? list(*command.gm_labels, label) : "(" + command.flags.to_string() + ")");
  }
  string operator()(const CopyCommand& command) const {
    return " " + set(command.messages) + " " + text(command.mailbox);
  }
  string operator()(const SearchCommand& command) const {
    std::vector<string> returned;
    if (command.return_min) returned.emplace_back("MIN");
    if (command.return_max) returned.emplace_back("MAX");
    if (command.return_all) returned.emplace_back("ALL");
    if (command.return_count) returned.emplace_back("COUNT");
    if (command.save) returned.emplace_back("SAVE");
    if (command.partial) returned.push_back(imap::partial(*command.partial));
    return (command.extended ? fmt::format(" RETURN ({})", fmt::join(returned, " ")) : "") +
           (command.charset.empty() ? "" : " CHARSET " + text(command.charset)) + " " + joined(command.keys, key);
  }
  string operator()(const SetQuotaCommand& command) const {
    return " " + text(command.root) + " " +
           list(command.limits, [](const auto& limit) { return fmt::format("{} {}", limit.first, limit.second); });
  }
  string operator()(const SetAclCommand& command) const {
    static constexpr std::string_view kSigns[] = {"", "+", "-"};
    return " " + text(command.mailbox) + " " + text(command.identifier) + " " +
           text(name_of(command.mode, kSigns) + command.rights);
  }
  string operator()(const DeleteAclCommand& command) const {
    return " " + text(command.mailbox) + " " + text(command.identifier);
  }
  string operator()(const ListRightsCommand& command) const {
    return " " + text(command.mailbox) + " " + text(command.identifier);
  }
  string operator()(const GetMetadataCommand& command) const {
    static constexpr std::string_view kDepths[] = {"0", "1", "infinity"};
    string options = "DEPTH " + name_of(command.depth, kDepths);
    if (command.max_size) options += fmt::format(" MAXSIZE {}", *command.max_size);
    return " (" + options + ") " + text(command.mailbox) + " " + texts(command.entries);
  }
  string operator()(const SetMetadataCommand& command) const {
    return " " + text(command.mailbox) + " " + list(command.entries, [](const auto& entry) {
             return text(entry.first) + " " + (entry.second ? text(*entry.second) : "NIL");
           });
  }
  string operator()(const NotifyCommand& command) const {
    return string(" SET") + (command.status ? " STATUS " : " ") + joined(command.groups, group);
  }

  static string group(const NotifyCommand::Group& group) {
    static constexpr std::string_view kFilters[] = {"selected",   "selected-delayed", "inboxes",  "personal",
                                                    "subscribed", "subtree",          "mailboxes"};
    static constexpr std::string_view kEvents[] = {
        "MessageNew",         "MessageExpunge",        "FlagChange",          "AnnotationChange", "MailboxName",
        "SubscriptionChange", "MailboxMetadataChange", "ServerMetadataChange"};
    const auto event = [](const NotifyCommand::Event& each) {
      return name_of(each.kind, kEvents) + (each.items.empty() ? "" : " " + list(each.items, fetch_item));
    };
    return "(" + name_of(group.filter, kFilters) + (group.mailboxes.empty() ? "" : " " + texts(group.mailboxes)) + " " +
           (group.events.empty() ? "NONE" : list(group.events, event)) + ")";
  }
};

}  // namespace

std::string print_command(const ParsedCommand& command) {
  return command.tag + " " + command.name + std::visit(Print{}, command.data) + "\r\n";
}

}  // namespace mailferry::imap
