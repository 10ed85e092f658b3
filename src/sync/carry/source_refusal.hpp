// What a server says, or does not say, of messages that it was asked for.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace mailferry::sync {

/// A refusal that may be about some of the messages only; otherwise it is about the mailbox or the connection.
[[nodiscard]] inline bool is_of_messages(const Error& error) {
  if (error.scope != Scope::message && error.scope != Scope::mailbox) return false;
  return error.kind != ErrorKind::protocol && error.kind != ErrorKind::mailbox_missing &&
         error.kind != ErrorKind::cancelled;
}

/// The connection broke, by itself and not as somebody wanted it.
[[nodiscard]] inline bool is_break(const Error& error) {
  return error.kind == ErrorKind::network || error.kind == ErrorKind::timeout;
}

[[nodiscard]] inline Error not_sent_error(std::string_view what) {
  return {.kind = ErrorKind::message_missing,
          .scope = Scope::message,
          .retry = Retry::later,
          .retry_after = {},
          .message = fmt::format("the source did not send {}", what),
          .remedy = "look at this message with a mail program",
          .trail = {}};
}

}  // namespace mailferry::sync
