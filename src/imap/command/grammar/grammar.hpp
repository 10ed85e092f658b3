// The command grammar, one file a group of commands; command_table.cpp names them all. Internal to command/.
#pragma once

#include "imap/command/grammar/cursor.hpp"
#include "imap/command/parsed_command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mailferry::imap {

/// Parses a complete command.
[[nodiscard]] Result<ParsedCommand> parse_command(const CommandText& text, int depth);

/// The tag of a command that may be malformed; empty: there is none.
[[nodiscard]] std::string find_tag(const CommandText& text);

/// What stands before a message in APPEND.
struct MessageHead {
  std::string mailbox;  // first message only
  Flags flags;
  std::optional<InternalDate> date;
  bool utf8 = false;  // RFC 6855: "UTF8 (~{…}…)"
};

/// `text` ends with a literal header that is the last of its literals. nullopt: the literal is no message of APPEND. An
/// error: it is an APPEND, and malformed.
[[nodiscard]] Result<std::optional<MessageHead>> parse_append_start(const CommandText& text, int depth);

/// The same between two messages of MULTIAPPEND; `text` begins after the message. `utf8`: that one was a UTF8 argument.
[[nodiscard]] Result<MessageHead> parse_append_next(const CommandText& text, bool utf8, int depth);

/// What stands after the last message.
[[nodiscard]] Result<> parse_append_end(const CommandText& text, bool utf8, int depth);

/// The functions of the table: each reads what follows the name of its command, with the space before it.
namespace grammar {

using Parse = Result<CommandData> (*)(Cursor&);

Result<CommandData> login(Cursor& in);
Result<CommandData> authenticate(Cursor& in);
Result<CommandData> id(Cursor& in);
Result<CommandData> enable(Cursor& in);
Result<CommandData> compress(Cursor& in);

Result<CommandData> select(Cursor& in);
Result<CommandData> examine(Cursor& in);
Result<CommandData> create(Cursor& in);
Result<CommandData> rename(Cursor& in);
Result<CommandData> status(Cursor& in);
Result<CommandData> list(Cursor& in);
Result<CommandData> lsub(Cursor& in);
Result<CommandData> append(Cursor& in);

Result<CommandData> fetch(Cursor& in);
Result<CommandData> store(Cursor& in);
Result<CommandData> copy(Cursor& in);
Result<CommandData> move(Cursor& in);
Result<CommandData> uid_expunge(Cursor& in);
Result<CommandData> search(Cursor& in);

Result<CommandData> set_quota(Cursor& in);
Result<CommandData> set_acl(Cursor& in);
Result<CommandData> delete_acl(Cursor& in);
Result<CommandData> list_rights(Cursor& in);
Result<CommandData> get_metadata(Cursor& in);
Result<CommandData> set_metadata(Cursor& in);
Result<CommandData> notify(Cursor& in);

/// Parts that several groups share.
Result<std::vector<StatusItem>> status_items(Cursor& in);
/// One FETCH item, no macro.
Result<FetchItem> fetch_item(Cursor& in);

}  // namespace grammar
}  // namespace mailferry::imap
