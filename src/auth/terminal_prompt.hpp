// Asks for a secret at the controlling terminal without showing what is typed.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>

namespace mailferry::auth {

/// Writes `question` to /dev/tty and reads a line from it with echo off. A signal that ends or stops the program
/// restores the terminal first. Waits at most five minutes. Errors: usage (no terminal), timeout, local_io.
[[nodiscard]] Result<Secret> prompt_for_secret(const std::string& question);

}  // namespace mailferry::auth
