#include "imap/response_errors.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace mailferry::imap {
namespace {

struct Meaning {
  Code code;
  ErrorKind kind;
  std::optional<Scope> scope;  // absent: that of the command
  Retry retry;
  std::string_view remedy;
};

// RFC 5530 unless another document is named.
constexpr std::array kMeanings = {
    Meaning{Code::authentication_failed, ErrorKind::auth, Scope::account, Retry::never,
            "check the user name and the password (some providers want an app password)"},
    Meaning{Code::authorization_failed, ErrorKind::auth, Scope::account, Retry::never,
            "the credentials are right, but this user may not open that account: ask its administrator"},
    Meaning{Code::expired, ErrorKind::auth, Scope::account, Retry::never, "the password has expired: set a new one"},
    Meaning{Code::privacy_required, ErrorKind::auth, Scope::account, Retry::never,
            "the server wants an encrypted connection: use imaps:// or imap:// with STARTTLS"},
    Meaning{Code::contact_admin, ErrorKind::permission, Scope::account, Retry::never,
            "contact the server's administrator"},
    Meaning{Code::no_perm, ErrorKind::permission, std::nullopt, Retry::never,
            "the account lacks the rights for this mailbox"},
    Meaning{Code::unavailable, ErrorKind::throttled, std::nullopt, Retry::later, "the server is busy: run again later"},
    Meaning{Code::in_use, ErrorKind::throttled, std::nullopt, Retry::later,
            "another session holds it: run again later"},
    Meaning{Code::temp_fail, ErrorKind::throttled, std::nullopt, Retry::later,
            "a passing fault of the server: run again later"},
    Meaning{Code::throttled, ErrorKind::throttled, Scope::account, Retry::later,
            "the server limits the rate: run again later"},
    Meaning{Code::limit, ErrorKind::throttled, std::nullopt, Retry::later,
            "a limit of the server was reached: fewer --connections may help"},
    Meaning{Code::over_quota, ErrorKind::quota, Scope::account, Retry::never,
            "make room on the destination and run again"},
    Meaning{Code::too_big, ErrorKind::message_rejected, Scope::message, Retry::never,
            "the message exceeds the size that the destination takes"},
    Meaning{Code::try_create, ErrorKind::mailbox_missing, Scope::mailbox, Retry::now,
            "run again: the mailbox is created then"},
    Meaning{Code::nonexistent, ErrorKind::mailbox_missing, Scope::mailbox, Retry::never,
            "the mailbox is gone: run again"},
    Meaning{Code::cannot, ErrorKind::permission, std::nullopt, Retry::never,
            "the server does not allow such a name or operation"},
    Meaning{Code::corruption, ErrorKind::message_missing, std::nullopt, Retry::never,
            "the server reports damaged data: ask its administrator"},
    Meaning{Code::uid_not_sticky, ErrorKind::permission, Scope::mailbox, Retry::never, ""},
};

const Meaning* find_meaning(Code code) {
  const auto* found = std::ranges::find(kMeanings, code, &Meaning::code);
  return found == kMeanings.end() ? nullptr : found;
}

std::string_view to_word(Status status) {
  switch (status) {
    case Status::no:
      return "NO";
    case Status::bad:
      return "BAD";
    case Status::bye:
      return "BYE";
    case Status::ok:
      return "OK";
    case Status::preauth:
      return "PREAUTH";
  }
  return "";
}

}  // namespace

Error to_error(const StatusResponse& response, Scope scope, std::string_view step) {
  Error error{.kind = ErrorKind::permission,
              .scope = scope,
              .retry = Retry::never,
              .retry_after = {},
              .message = {},
              .remedy = {},
              .trail = {}};
  if (response.status == Status::bye) {
    error = Error{.kind = ErrorKind::network,
                  .scope = Scope::account,
                  .retry = Retry::later,
                  .retry_after = {},
                  .message = {},
                  .remedy = "run again: what is done stays done",
                  .trail = {}};
  } else if (scope == Scope::message) {
    error.kind = ErrorKind::message_rejected;
  }
  if (const auto* meaning = find_meaning(response.code.code)) {
    error.kind = meaning->kind;
    error.scope = meaning->scope.value_or(error.scope);
    error.retry = meaning->retry;
    error.remedy = meaning->remedy;
  }
  const auto code = response.code.name.empty() ? std::string() : "[" + response.code.name + "] ";
  error.message = fmt::format("the server answered {} to {}: {}{}", to_word(response.status), step, code,
                              sanitize_for_terminal(response.text));
  return error;
}

}  // namespace mailferry::imap
