#include "imap/response_errors.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "mail/server_pause.hpp"

#include <algorithm>
#include <array>

namespace mailferry::imap {
namespace {

/// What was asked, where a code means one thing here and another there.
enum class When { always, storing, account };

struct Meaning {
  Code code;
  std::optional<ErrorKind> kind;  // absent: as without a code
  Scope scope;                    // at least; that of the command may be wider
  Retry retry;
  std::string_view remedy;
  When when = When::always;
};

// RFC 5530 unless another document is named. Of several rows of a code the first one that fits counts; a code without a
// row says nothing that a refusal without a code does not say.
constexpr std::array kMeanings = {
    Meaning{Code::authentication_failed, ErrorKind::auth, Scope::account, Retry::never,
            "check the user name and the password (some providers want an app password)"},
    Meaning{Code::authorization_failed, ErrorKind::auth, Scope::account, Retry::never,
            "the credentials are right, but this user may not open that account: ask its administrator"},
    Meaning{Code::expired, ErrorKind::auth, Scope::account, Retry::never, "the password has expired: set a new one"},
    Meaning{Code::privacy_required, ErrorKind::auth, Scope::message, Retry::never,
            "the server wants an encrypted connection: use imaps:// or imap:// with STARTTLS"},
    Meaning{Code::contact_admin, ErrorKind::permission, Scope::message, Retry::never,
            "contact the server's administrator"},
    Meaning{Code::no_perm, ErrorKind::permission, Scope::mailbox, Retry::never,
            "the account lacks the rights for this mailbox"},
    Meaning{Code::read_only, ErrorKind::permission, Scope::mailbox, Retry::never,
            "the account may only read this mailbox"},
    Meaning{Code::unavailable, ErrorKind::throttled, Scope::message, Retry::later,
            "the server is busy: run again later"},
    Meaning{Code::in_use, ErrorKind::throttled, Scope::message, Retry::later,
            "another session holds it: run again later"},
    Meaning{Code::temp_fail, ErrorKind::throttled, Scope::message, Retry::later,
            "a passing fault of the server: run again later"},
    Meaning{Code::server_bug, ErrorKind::throttled, Scope::message, Retry::later,
            "a fault of the server: run again later; if it stays so, ask its administrator"},
    Meaning{Code::throttled, ErrorKind::throttled, Scope::account, Retry::later,
            "the server limits the rate: run again later"},
    // The number of connections at a sign-in; later what a mailbox or a message may have, and that does not pass.
    Meaning{Code::limit, ErrorKind::throttled, Scope::account, Retry::later,
            "a limit of the server was reached: fewer --connections may help", When::account},
    Meaning{Code::limit, std::nullopt, Scope::message, Retry::never, "it exceeds a limit of the server"},
    Meaning{Code::message_limit, std::nullopt, Scope::mailbox, Retry::never,  // RFC 9738
            "it exceeds the number of messages that the server takes at a time"},
    // Where nothing is stored, no room is missing: it is a rate that was exceeded (quirk g3).
    Meaning{Code::over_quota, ErrorKind::quota, Scope::account, Retry::never,
            "make room on the destination and run again", When::storing},
    Meaning{Code::over_quota, ErrorKind::throttled, Scope::account, Retry::later,
            "the server limits the rate: run again later"},
    Meaning{Code::too_big, ErrorKind::message_rejected, Scope::message, Retry::never,
            "the message exceeds the size that the destination takes"},
    Meaning{Code::try_create, ErrorKind::mailbox_missing, Scope::mailbox, Retry::now,
            "run again: the mailbox is created then"},
    Meaning{Code::nonexistent, ErrorKind::mailbox_missing, Scope::mailbox, Retry::never,
            "the mailbox is gone: run again"},
    Meaning{Code::expunge_issued, ErrorKind::message_missing, Scope::message, Retry::now,
            "another program deletes messages there: run again"},
    Meaning{Code::cannot, std::nullopt, Scope::message, Retry::never,
            "the server does not allow such a name or operation"},
    Meaning{Code::corruption, std::nullopt, Scope::message, Retry::never,
            "the server reports damaged data: ask its administrator"},
    Meaning{Code::client_bug, std::nullopt, Scope::message, Retry::never,
            "the server sees a fault of mailferry: please report it"},
    Meaning{Code::parse, std::nullopt, Scope::message, Retry::never, "the server cannot read the message"},
    Meaning{Code::use_attr, std::nullopt, Scope::mailbox, Retry::never,  // RFC 6154
            "the server gives no special use to a new mailbox"},
};

bool fits(const Meaning& meaning, Scope scope, std::string_view step) {
  constexpr std::string_view kStoring[] = {"APPEND", "CREATE", "UID STORE"};
  switch (meaning.when) {
    case When::storing:
      return std::ranges::any_of(kStoring, [step](std::string_view name) { return step.starts_with(name); });
    case When::account:
      return scope == Scope::account;
    case When::always:
      return true;
  }
  return true;
}

/// Without a code only the words say that no message will fit any more: else each would be refused one by one.
bool says_full(const StatusResponse& response, std::string_view step) {
  if (response.status != Status::no || response.code.code != Code::none || !step.starts_with("APPEND")) return false;
  const auto pause = read_server_pause(response.text);
  return pause && pause->cause == ServerPause::Cause::storage;
}

/// A limit that only the words tell to be a rate, which passes ("[LIMIT] Rate limit hit").
bool says_too_fast(const StatusResponse& response) {
  if (response.status != Status::no || response.code.code != Code::limit) return false;
  const auto pause = read_server_pause(response.text);
  return pause && (pause->cause == ServerPause::Cause::throttled || pause->cause == ServerPause::Cause::bandwidth);
}

/// The code, or that which the words stand for.
Code code_of(const StatusResponse& response, std::string_view step) {
  if (says_full(response, step)) return Code::over_quota;
  return says_too_fast(response) ? Code::throttled : response.code.code;
}

const Meaning* find_meaning(Code code, Scope scope, std::string_view step) {
  const auto* found = std::ranges::find_if(
      kMeanings, [&](const Meaning& meaning) { return meaning.code == code && fits(meaning, scope, step); });
  return found == kMeanings.end() ? nullptr : found;
}

/// Refusals of an account that only their text tells from others, by how it begins. Each passes.
struct Phrase {
  std::string_view begin;
  ErrorKind kind;
  std::string_view remedy;
};
constexpr std::array kPhrases = {
    Phrase{"Too many simultaneous connections", ErrorKind::throttled,  // quirk g2
           "fewer --connections, or fewer other programs that are signed in, may help"},
    Phrase{"Maximum number of connections", ErrorKind::throttled,  // quirk o3
           "fewer --connections, or fewer other programs that are signed in, may help"},
    Phrase{"Account exceeded command or bandwidth limits", ErrorKind::throttled,  // quirk g3
           "the provider limits what may be carried in a day: run again tomorrow"},
    Phrase{"Request is throttled", ErrorKind::throttled, "the server limits the rate: run again later"},  // quirk x6
    Phrase{
        "User is authenticated but not connected", ErrorKind::auth,  // quirk x5
        "the user may lack the rights for that mailbox or for IMAP, the password may be wrong, or there are too many "
        "connections"},
};

const Phrase* find_phrase(std::string_view text) {
  const auto* found = std::ranges::find_if(kPhrases, [text](const Phrase& phrase) {
    return equal_ascii_nocase(text.substr(0, phrase.begin.size()), phrase.begin);
  });
  return found == kPhrases.end() ? nullptr : found;
}

/// What the text asks to wait (quirk x6); zero if it does not.
std::chrono::milliseconds asked_pause(std::string_view text) {
  const auto pause = read_server_pause(text);
  return pause && pause->wait ? *pause->wait : std::chrono::milliseconds{0};
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

namespace {

/// What a refusal without a code means.
Error plain_error(Status status, Scope scope) {
  Error error{.kind = ErrorKind::permission,
              .scope = scope,
              .retry = Retry::never,
              .retry_after = {},
              .message = {},
              .remedy = {},
              .trail = {}};
  if (scope == Scope::message) error.kind = ErrorKind::message_rejected;
  if (scope == Scope::mailbox) error.remedy = kAskAdministrator;
  if (status != Status::bye) return error;
  error.kind = ErrorKind::network;
  error.scope = Scope::account;
  error.retry = Retry::later;
  error.remedy = "run again: what is done stays done";
  return error;
}

/// A goodbye ends a connection, not the work: of its codes only those count that say why there is none.
bool counts(const Meaning& meaning, Status status) {
  return status != Status::bye || meaning.kind == ErrorKind::auth || meaning.kind == ErrorKind::throttled;
}

}  // namespace

Error to_error(const StatusResponse& response, Scope scope, std::string_view step) {
  auto error = plain_error(response.status, scope);
  const auto* phrase = find_phrase(response.text);
  const auto* meaning = find_meaning(code_of(response, step), error.scope, step);
  if (phrase != nullptr) {
    error.kind = phrase->kind;
    error.scope = std::max(error.scope, Scope::account);
    error.retry = Retry::later;
    error.remedy = phrase->remedy;
    error.retry_after = asked_pause(response.text);
  } else if (meaning != nullptr && counts(*meaning, response.status)) {
    error.kind = meaning->kind.value_or(error.kind);
    error.scope = std::max(error.scope, meaning->scope);
    error.retry = meaning->retry;
    error.remedy = meaning->remedy;
  }
  const auto name = response.code.name.empty() ? std::string() : "[" + response.code.name + "] ";
  error.message = fmt::format("the server answered {} to {}: {}{}", to_word(response.status), step, name,
                              sanitize_for_terminal(response.text));
  return error;
}

bool needs_pause(const Error& error) noexcept {
  return error.scope == Scope::account && error.retry != Retry::never;
}

}  // namespace mailferry::imap
