// SELECT, EXAMINE, CREATE, RENAME, STATUS.
#include "imap/command/grammar/grammar.hpp"
#include "imap/command/grammar/lookup.hpp"

namespace mailferry::imap::grammar {
namespace {

struct StatusRow {
  std::string_view name;
  StatusItem item;
};
constexpr StatusRow kStatusItems[] = {
    {"MESSAGES", StatusItem::messages},
    {"RECENT", StatusItem::recent},
    {"UIDNEXT", StatusItem::uid_next},
    {"UIDVALIDITY", StatusItem::uid_validity},
    {"UNSEEN", StatusItem::unseen},
    {"DELETED", StatusItem::deleted},
    {"SIZE", StatusItem::size},                        // RFC 8438
    {"HIGHESTMODSEQ", StatusItem::highest_modseq},     // RFC 7162
    {"APPENDLIMIT", StatusItem::append_limit},         // RFC 7889
    {"MAILBOXID", StatusItem::mailbox_id},             // RFC 8474
    {"DELETED-STORAGE", StatusItem::deleted_storage},  // RFC 9208
};

/// "(uidvalidity modseq [known-uids] [(sequence-set uid-set)])", RFC 7162 §3.2.5.
Result<QResyncParameters> qresync(Cursor& in) {
  QResyncParameters parameters;
  CHECK_OK(in.expect('('));
  TRY(parameters.uid_validity, in.nz_number());
  CHECK_OK(in.space());
  TRY(parameters.modseq, in.number64());
  bool more = in.accept(' ');
  if (more && in.peek() != '(') {
    TRY(parameters.known_uids, in.sequence_set());
    more = in.accept(' ');
  }
  if (more) {
    CHECK_OK(in.expect('('));
    TRY(auto numbers, in.sequence_set());
    CHECK_OK(in.space());
    TRY(auto uids, in.sequence_set());
    CHECK_OK(in.expect(')'));
    parameters.sequence_match = {std::move(numbers), std::move(uids)};
  }
  CHECK_OK(in.expect(')'));
  return parameters;
}

Result<CommandData> open_mailbox(Cursor& in, bool examine) {
  SelectCommand command{.examine = examine, .mailbox = {}, .condstore = false, .qresync = {}};
  CHECK_OK(in.space());
  TRY(command.mailbox, in.astring());
  if (!in.accept(' ')) return command;
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(const auto name, in.word());
    if (name == "CONDSTORE") {
      command.condstore = true;
      return {};
    }
    if (name != "QRESYNC") return syntax_error("unknown parameter");
    CHECK_OK(in.space());
    TRY(command.qresync, qresync(in));
    return {};
  }));
  return command;
}

}  // namespace

Result<std::vector<StatusItem>> status_items(Cursor& in) {
  std::vector<StatusItem> items;
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(const auto name, in.word());
    const auto* const row = find_row(kStatusItems, name);
    if (row == nullptr) return syntax_error("unknown status item");
    items.push_back(row->item);
    return {};
  }));
  return items;
}

Result<CommandData> select(Cursor& in) {
  return open_mailbox(in, false);
}
Result<CommandData> examine(Cursor& in) {
  return open_mailbox(in, true);
}

Result<CommandData> create(Cursor& in) {
  CreateCommand command;
  CHECK_OK(in.space());
  TRY(command.mailbox, in.astring());
  if (!in.accept(' ')) return command;
  CHECK_OK(in.expect('('));
  if (!in.accept_word("USE")) return syntax_error("unknown parameter");
  CHECK_OK(in.space());
  CHECK_OK(in.list(Cursor::Empty::allowed, [&]() -> Result<> {
    CHECK_OK(in.expect('\\'));
    TRY(const auto name, in.atom());
    command.uses.push_back("\\" + name);
    return {};
  }));
  CHECK_OK(in.expect(')'));
  return command;
}

Result<CommandData> rename(Cursor& in) {
  RenameCommand command;
  CHECK_OK(in.space());
  TRY(command.from, in.astring());
  CHECK_OK(in.space());
  TRY(command.to, in.astring());
  return command;
}

Result<CommandData> status(Cursor& in) {
  StatusCommand command;
  CHECK_OK(in.space());
  TRY(command.mailbox, in.astring());
  CHECK_OK(in.space());
  TRY(command.items, status_items(in));
  return command;
}

}  // namespace mailferry::imap::grammar
