// A secret in the first line of a file.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace mailferry::auth {

/// `what` is for messages ("password"). A regular file must not be readable by others; a pipe may stand in its place,
/// and nobody waits for it longer than `patience`, neither for a writer nor for each octet. Error local_io, auth,
/// timeout.
[[nodiscard]] Result<Secret> read_secret_file(const std::string& path, std::string_view what,
                                              std::chrono::milliseconds patience);

}  // namespace mailferry::auth
