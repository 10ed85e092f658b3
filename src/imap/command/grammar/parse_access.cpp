// QUOTA (RFC 9208), ACL (RFC 4314) and METADATA (RFC 5464).
#include "imap/command/grammar/grammar.hpp"

namespace mailferry::imap::grammar {
namespace {

Result<std::string> next_astring(Cursor& in) {
  CHECK_OK(in.space());
  return in.astring();
}

Result<std::string> entry_name(Cursor& in) {
  TRY(auto name, in.astring());
  if (!name.starts_with('/')) return syntax_error("an entry name begins with \"/\"");
  return name;
}

Result<GetMetadataCommand::Depth> depth(Cursor& in) {
  if (in.accept_word("0")) return GetMetadataCommand::Depth::zero;
  if (in.accept_word("1")) return GetMetadataCommand::Depth::one;
  if (in.accept_word("INFINITY")) return GetMetadataCommand::Depth::infinity;
  return syntax_error("DEPTH is 0, 1 or infinity");
}

/// "(MAXSIZE n DEPTH d)", after its parenthesis.
Result<> metadata_options(Cursor& in, GetMetadataCommand& command) {
  return in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(const auto name, in.word());
    CHECK_OK(in.space());
    if (name == "MAXSIZE") {
      TRY(command.max_size, in.number());
      return {};
    }
    if (name != "DEPTH") return syntax_error("unknown option");
    TRY(command.depth, depth(in));
    return {};
  });
}

Result<> entries(Cursor& in, GetMetadataCommand& command) {
  const auto one = [&]() -> Result<> {
    TRY(auto name, entry_name(in));
    command.entries.push_back(std::move(name));
    return {};
  };
  return in.peek() == '(' ? in.list(Cursor::Empty::refused, one) : one();
}

}  // namespace

Result<CommandData> set_quota(Cursor& in) {
  SetQuotaCommand command;
  TRY(command.root, next_astring(in));
  CHECK_OK(in.space());
  CHECK_OK(in.list(Cursor::Empty::allowed, [&]() -> Result<> {
    TRY(auto resource, in.word());
    CHECK_OK(in.space());
    TRY(const auto limit, in.number64());
    command.limits.emplace_back(std::move(resource), limit);
    return {};
  }));
  return command;
}

Result<CommandData> set_acl(Cursor& in) {
  using enum SetAclCommand::Mode;
  SetAclCommand command;
  TRY(command.mailbox, next_astring(in));
  TRY(command.identifier, next_astring(in));
  TRY(command.rights, next_astring(in));
  if (command.rights.starts_with('+') || command.rights.starts_with('-')) {
    command.mode = command.rights.front() == '+' ? add : remove;
    command.rights.erase(0, 1);
  }
  return command;
}

Result<CommandData> delete_acl(Cursor& in) {
  DeleteAclCommand command;
  TRY(command.mailbox, next_astring(in));
  TRY(command.identifier, next_astring(in));
  return command;
}

Result<CommandData> list_rights(Cursor& in) {
  ListRightsCommand command;
  TRY(command.mailbox, next_astring(in));
  TRY(command.identifier, next_astring(in));
  return command;
}

Result<CommandData> get_metadata(Cursor& in) {
  GetMetadataCommand command;
  CHECK_OK(in.space());
  const bool options_first = in.peek() == '(';
  if (options_first) {
    CHECK_OK(metadata_options(in, command));
    CHECK_OK(in.space());
  }
  TRY(command.mailbox, in.astring());
  CHECK_OK(in.space());
  // RFC 5464 §4.2 has the options before the mailbox in its grammar and behind it in its examples.
  if (!options_first && (in.looking_at("(MAXSIZE ") || in.looking_at("(DEPTH "))) {
    CHECK_OK(metadata_options(in, command));
    CHECK_OK(in.space());
  }
  CHECK_OK(entries(in, command));
  return command;
}

Result<CommandData> set_metadata(Cursor& in) {
  SetMetadataCommand command;
  TRY(command.mailbox, next_astring(in));
  CHECK_OK(in.space());
  CHECK_OK(in.list(Cursor::Empty::refused, [&]() -> Result<> {
    TRY(auto name, entry_name(in));
    CHECK_OK(in.space());
    TRY(auto value, in.nstring());
    command.entries.emplace_back(std::move(name), std::move(value));
    return {};
  }));
  return command;
}

}  // namespace mailferry::imap::grammar
