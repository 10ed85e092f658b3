// How an error that ends a command is shown.
#pragma once

#include "base/result.hpp"

namespace mailferry::cli {

/// Prints the sentence and the remedy on standard error (with `json` also as one object on standard output); returns
/// the exit code.
int print_error(const Error& error, bool json);

}  // namespace mailferry::cli
