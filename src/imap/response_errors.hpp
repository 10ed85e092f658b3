// The one table that turns a server's NO, BAD or BYE into an Error with scope and retry advice (DESIGN §2.7).
#pragma once

#include "imap/response/response.hpp"

#include <string_view>

namespace mailferry::imap {

/// The remedy where a refusal has no response code and its words are all that is known of it. Messages have none then:
/// whoever carries them tells by that whether a code speaks.
inline constexpr std::string_view kAskAdministrator = "if that does not say enough, ask the server's administrator";

/// The Error of a NO, BAD or BYE. `scope`: how far the refusal reaches when nothing says that it reaches further.
/// `step` is the name of the command with what belongs to it ("CREATE Sent"), for the message.
[[nodiscard]] Error to_error(const StatusResponse& response, Scope scope, std::string_view step);

/// The whole account was refused, and that may pass: what was asked is to be asked again, later and on a new
/// connection.
[[nodiscard]] bool needs_pause(const Error& error) noexcept;

}  // namespace mailferry::imap
