// The certificates that were trusted on first use. Private to net.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>

namespace mailferry::net {

/// The fingerprint on record for `server` ("imap.example.org:993"), or nothing. A missing file is an empty one.
/// Errors: local_io (unreadable; a line that is not "server fingerprint", by its number).
Result<std::optional<std::string>> known_fingerprint(const std::string& file, const std::string& server);

/// Adds the line, on disk when this returns, and returns the fingerprint that is on record now: another one, where
/// somebody else was faster. Errors: local_io.
Result<std::string> remember_fingerprint(const std::string& file, const std::string& server,
                                         const std::string& fingerprint);

}  // namespace mailferry::net
