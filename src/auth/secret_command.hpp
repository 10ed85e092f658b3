// Runs the user's command that prints a password or token.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <string>

namespace mailferry::auth {

/// The first line that `/bin/sh -c command` prints. The command keeps our standard input and error, so that it may ask.
/// Errors: auth (it ended with a code other than 0, named with `what`; its output is never repeated), timeout after
/// `patience` without output or end (it is then killed), local_io (it cannot be started).
[[nodiscard]] Result<Secret> run_secret_command(const std::string& command, const std::string& what,
                                                std::chrono::milliseconds patience);

}  // namespace mailferry::auth
