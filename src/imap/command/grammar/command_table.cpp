#include "imap/command/grammar/grammar.hpp"
#include "imap/command/grammar/lookup.hpp"

#include <fmt/format.h>

namespace mailferry::imap {
namespace {

template <SimpleCommand::Kind kind>
Result<CommandData> simple(Cursor&) {
  return SimpleCommand{kind};
}

template <MailboxCommand::Kind kind>
Result<CommandData> on_mailbox(Cursor& in) {
  CHECK_OK(in.space());
  TRY(auto mailbox, in.astring());
  return MailboxCommand{.kind = kind, .mailbox = std::move(mailbox)};
}

struct Row {
  std::string_view name;
  grammar::Parse parse;
};

using Simple = SimpleCommand::Kind;
using OnMailbox = MailboxCommand::Kind;

constexpr Row kCommands[] = {
    {"APPEND", grammar::append},
    {"AUTHENTICATE", grammar::authenticate},
    {"CAPABILITY", simple<Simple::capability>},
    {"CHECK", simple<Simple::check>},
    {"CLOSE", simple<Simple::close>},
    {"COMPRESS", grammar::compress},
    {"COPY", grammar::copy},
    {"CREATE", grammar::create},
    {"DELETE", on_mailbox<OnMailbox::delete_>},
    {"DELETEACL", grammar::delete_acl},
    {"ENABLE", grammar::enable},
    {"EXAMINE", grammar::examine},
    {"EXPUNGE", simple<Simple::expunge>},
    {"FETCH", grammar::fetch},
    {"GETACL", on_mailbox<OnMailbox::get_acl>},
    {"GETMETADATA", grammar::get_metadata},
    {"GETQUOTA", on_mailbox<OnMailbox::get_quota>},
    {"GETQUOTAROOT", on_mailbox<OnMailbox::get_quota_root>},
    {"ID", grammar::id},
    {"IDLE", simple<Simple::idle>},
    {"LIST", grammar::list},
    {"LISTRIGHTS", grammar::list_rights},
    {"LOGIN", grammar::login},
    {"LOGOUT", simple<Simple::logout>},
    {"LSUB", grammar::lsub},
    {"MOVE", grammar::move},
    {"MYRIGHTS", on_mailbox<OnMailbox::my_rights>},
    {"NAMESPACE", simple<Simple::namespace_>},
    {"NOOP", simple<Simple::noop>},
    {"NOTIFY", grammar::notify},
    {"RENAME", grammar::rename},
    {"SEARCH", grammar::search},
    {"SELECT", grammar::select},
    {"SETACL", grammar::set_acl},
    {"SETMETADATA", grammar::set_metadata},
    {"SETQUOTA", grammar::set_quota},
    {"STARTTLS", simple<Simple::starttls>},
    {"STATUS", grammar::status},
    {"STORE", grammar::store},
    {"SUBSCRIBE", on_mailbox<OnMailbox::subscribe>},
    {"UNSELECT", simple<Simple::unselect>},
    {"UNSUBSCRIBE", on_mailbox<OnMailbox::unsubscribe>},
};

/// What may follow "UID" (RFC 9051 §6.4.9, RFC 4315, RFC 6851).
constexpr Row kUidCommands[] = {
    {"COPY", grammar::copy}, {"EXPUNGE", grammar::uid_expunge}, {"FETCH", grammar::fetch},
    {"MOVE", grammar::move}, {"SEARCH", grammar::search},       {"STORE", grammar::store},
};

void set_uid(CommandData& data) {
  std::visit(
      [](auto& command) {
        if constexpr (requires { command.uid; }) command.uid = true;
      },
      data);
}

}  // namespace

Result<ParsedCommand> parse_command(const CommandText& text, int depth) {
  Cursor in(text, depth);
  TRY(auto tag, in.tag());
  CHECK_OK(in.space());
  TRY(auto name, in.word());
  const bool uid = name == "UID";
  if (uid) {
    CHECK_OK(in.space());
    TRY(name, in.word());
  }
  const auto* const row = uid ? grammar::find_row(kUidCommands, name) : grammar::find_row(kCommands, name);
  if (row == nullptr) return syntax_error("unknown command");
  TRY(auto data, row->parse(in));
  CHECK_OK(in.end());
  if (uid) set_uid(data);
  return ParsedCommand{.tag = std::move(tag), .name = (uid ? "UID " : "") + name, .data = std::move(data)};
}

std::string find_tag(const CommandText& text) {
  Cursor in(text, 1);
  auto tag = in.tag();
  return tag && (in.peek() == ' ' || in.at_end()) ? *std::move(tag) : std::string();
}

}  // namespace mailferry::imap
