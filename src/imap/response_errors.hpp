// The one table that turns a server's NO, BAD or BYE into an Error with scope and retry advice (DESIGN §2.7).
#pragma once

#include "imap/response/response.hpp"

#include <string_view>

namespace mailferry::imap {

/// How far a refusal reaches when no response code says otherwise.
[[nodiscard]] Error to_error(const StatusResponse& response, Scope scope, std::string_view step);

}  // namespace mailferry::imap
