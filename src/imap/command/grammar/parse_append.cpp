// APPEND and MULTIAPPEND (RFC 9051 §6.3.12, RFC 3502, RFC 6855): what stands around the messages.
#include "imap/command/grammar/grammar.hpp"

namespace mailferry::imap {
namespace {

/// SP ["(" flags ")" SP] [date-time SP] and then the message's literal header, where the text ends.
Result<MessageHead> message_head(Cursor& in) {
  MessageHead head;
  CHECK_OK(in.space());
  if (in.peek() == '(') {
    TRY(head.flags, in.flag_list());
    CHECK_OK(in.space());
  }
  if (in.peek() == '"') {
    TRY(head.date, in.date_time());
    CHECK_OK(in.space());
  }
  if (in.accept_word("UTF8")) {
    head.utf8 = true;
    CHECK_OK(in.space());
    CHECK_OK(in.expect('('));
  }
  if (!in.at_last_literal()) return syntax_error("a message literal is expected");
  if (head.utf8 && !in.at_binary_literal()) return syntax_error("a literal8 is expected");
  return head;
}

Result<> close_message(Cursor& in, bool utf8) {
  if (utf8) return in.expect(')');
  return {};
}

}  // namespace

Result<std::optional<MessageHead>> parse_append_start(const CommandText& text, int depth) {
  Cursor in(text, depth);
  if (!in.tag() || !in.accept(' ') || !in.accept_word("APPEND") || !in.accept(' ') || in.at_last_literal()) {
    return std::nullopt;
  }
  TRY(auto mailbox, in.astring());
  TRY(auto head, message_head(in));
  head.mailbox = std::move(mailbox);
  return std::optional(std::move(head));
}

Result<MessageHead> parse_append_next(const CommandText& text, bool utf8, int depth) {
  Cursor in(text, depth);
  CHECK_OK(close_message(in, utf8));
  return message_head(in);
}

Result<> parse_append_end(const CommandText& text, bool utf8, int depth) {
  Cursor in(text, depth);
  CHECK_OK(close_message(in, utf8));
  return in.end();
}

namespace grammar {

Result<CommandData> append(Cursor& in) {
  CHECK_OK(in.space());
  TRY(const auto mailbox, in.astring());
  return syntax_error("a message literal is expected");
}

}  // namespace grammar
}  // namespace mailferry::imap
