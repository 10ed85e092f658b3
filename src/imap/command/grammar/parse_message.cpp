// STORE, COPY, MOVE, UID EXPUNGE.
#include "imap/command/grammar/grammar.hpp"

namespace mailferry::imap::grammar {
namespace {

/// "(UNCHANGEDSINCE n)", RFC 7162 §3.1.3.
Result<ModSeq> unchanged_since(Cursor& in) {
  CHECK_OK(in.expect('('));
  if (!in.accept_word("UNCHANGEDSINCE")) return syntax_error("unknown STORE modifier");
  CHECK_OK(in.space());
  TRY(const auto modseq, in.number64());
  CHECK_OK(in.expect(')'));
  return modseq;
}

/// In parentheses or, as RFC 9051 §9 store-att-flags allows, not.
Result<Flags> flags(Cursor& in) {
  if (in.peek() == '(') return in.flag_list();
  Flags flags;
  do {
    TRY(const auto name, in.flag());
    flags.add(name);
  } while (in.accept(' '));
  return flags;
}

/// X-GM-EXT-1: labels are astrings, or flags as "\Inbox".
Result<std::vector<std::string>> labels(Cursor& in) {
  std::vector<std::string> labels;
  const auto one = [&]() -> Result<> {
    TRY(auto label, in.peek() == '\\' ? in.flag() : in.astring());
    labels.push_back(std::move(label));
    return {};
  };
  if (in.peek() == '(') {
    CHECK_OK(in.list(Cursor::Empty::allowed, one));
  } else {
    CHECK_OK(one());
  }
  return labels;
}

Result<CommandData> copy_or_move(Cursor& in, bool move) {
  CopyCommand command{.uid = false, .move = move, .messages = {}, .mailbox = {}};
  CHECK_OK(in.space());
  TRY(command.messages, in.sequence_set());
  CHECK_OK(in.space());
  TRY(command.mailbox, in.astring());
  return command;
}

}  // namespace

Result<CommandData> store(Cursor& in) {
  using enum StoreCommand::Mode;
  StoreCommand command;
  CHECK_OK(in.space());
  TRY(command.messages, in.sequence_set());
  CHECK_OK(in.space());
  if (in.peek() == '(') {
    TRY(command.unchanged_since, unchanged_since(in));
    CHECK_OK(in.space());
  }
  command.mode = in.accept('+') ? add : in.accept('-') ? remove : replace;
  TRY(const auto name, in.name());
  command.silent = name.ends_with(".SILENT");
  const auto item = std::string_view(name).substr(0, name.size() - (command.silent ? 7 : 0));
  if (item != "FLAGS" && item != "X-GM-LABELS") return syntax_error("unknown STORE item");
  CHECK_OK(in.space());
  if (item == "FLAGS") {
    TRY(command.flags, flags(in));
  } else {
    TRY(command.gm_labels, labels(in));
  }
  return command;
}

Result<CommandData> copy(Cursor& in) {
  return copy_or_move(in, false);
}
Result<CommandData> move(Cursor& in) {
  return copy_or_move(in, true);
}

Result<CommandData> uid_expunge(Cursor& in) {
  ExpungeUidsCommand command;
  CHECK_OK(in.space());
  TRY(command.messages, in.sequence_set());
  return command;
}

}  // namespace mailferry::imap::grammar
