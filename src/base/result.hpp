// What every fallible call returns. Errors carry how much must stop (scope) and what may help (retry).
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mailferry {

/// How much of the work an error ends.
enum class Scope { message, mailbox, account, run };

/// Whether the same step may be tried again: not at all, at once on a new connection, or after a pause.
enum class Retry { never, now, later };

/// What went wrong, in the classes that exit codes, reports and retries distinguish.
enum class ErrorKind {
  usage,             // command line or configuration
  network,           // unknown host, refused, reset, closed
  timeout,           // a deadline passed; the connection was closed
  throttled,         // the server asked to slow down
  tls,               // certificate or handshake
  auth,              // credentials refused
  permission,        // the server does not allow it
  quota,             // the account is full
  mailbox_missing,   // no such mailbox
  message_missing,   // the message is gone from the source
  message_rejected,  // the destination refuses this message
  protocol,          // the peer broke the protocol or a limit of ours
  local_io,          // file, disk, state database
  state_corrupt,     // the state file cannot be trusted
  cancelled,         // the user or the program asked to stop
};

struct Error {
  ErrorKind kind = ErrorKind::protocol;
  Scope scope = Scope::run;
  Retry retry = Retry::never;
  /// The pause that the server asked for; zero if it did not.
  std::chrono::milliseconds retry_after{0};
  /// One sentence for the user, without a final newline and without secrets.
  std::string message;
  /// What the user can do about it, one sentence; may be empty.
  std::string remedy;
  /// Where it happened, innermost first: "append to Archive", "account alice@host".
  std::vector<std::string> trail;

  /// "trail: …: message" for people. The remedy is not included.
  [[nodiscard]] std::string describe() const;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// Makes the unexpected half of a Result: `return fail(ErrorKind::network, Scope::account, "…");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, Scope scope, std::string message,
                                                 std::string remedy = {}, Retry retry = Retry::never) {
  return std::unexpected<Error>(Error{.kind = kind,
                                      .scope = scope,
                                      .retry = retry,
                                      .retry_after = {},
                                      .message = std::move(message),
                                      .remedy = std::move(remedy),
                                      .trail = {}});
}

/// Passes an error on with one more piece of context.
[[nodiscard]] inline std::unexpected<Error> with_context(Error error, std::string context) {
  error.trail.push_back(std::move(context));
  return std::unexpected<Error>(std::move(error));
}

}  // namespace mailferry

#define MAILFERRY_JOIN_(a, b) a##b
#define MAILFERRY_JOIN(a, b) MAILFERRY_JOIN_(a, b)
#define MAILFERRY_TRY_(leave, temporary, declaration, expression)            \
  auto temporary = (expression);                                             \
  if (!temporary) [[unlikely]]                                               \
    leave std::unexpected<::mailferry::Error>(std::move(temporary).error()); \
  declaration = *std::move(temporary)
#define MAILFERRY_CHECK_(leave, temporary, expression)        \
  if (auto temporary = (expression); !temporary) [[unlikely]] \
  leave std::unexpected<::mailferry::Error>(std::move(temporary).error())

// Errors are marked unlikely so that the compiler keeps their code apart from the instructions that run for each
// message.
/// `TRY(auto box, open(path));` assigns the value or returns the error. CO_TRY is the same inside a coroutine.
#define TRY(declaration, expression) MAILFERRY_TRY_(return, MAILFERRY_JOIN(try_, __LINE__), declaration, expression)
#define CO_TRY(declaration, expression) \
  MAILFERRY_TRY_(co_return, MAILFERRY_JOIN(try_, __LINE__), declaration, expression)
/// `CHECK_OK(step());` returns the error of a Result<void>. CO_CHECK is the same inside a coroutine.
#define CHECK_OK(expression) MAILFERRY_CHECK_(return, MAILFERRY_JOIN(check_, __LINE__), expression)
#define CO_CHECK(expression) MAILFERRY_CHECK_(co_return, MAILFERRY_JOIN(check_, __LINE__), expression)
