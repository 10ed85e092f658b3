// Errors of the command line and of mailferry.toml, which may be several at once.
#pragma once

#include "base/result.hpp"

namespace mailferry::cli {

/// Prints each line of the message as an error of its own; the remedy belongs to the last. Returns the exit code.
int print_problems(const Error& error, bool json);

}  // namespace mailferry::cli
