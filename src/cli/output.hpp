// Text for the person or the script in front of the program. Nobody listening is no reason to stop: a copy whose
// terminal or pipe went away goes on, and main() says at the end that the output was not whole.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string_view>
#include <utility>

namespace mailferry::cli {

/// Gives /dev/null to those of the descriptors 0, 1 and 2 that are closed. Called before anything is opened: a socket
/// that became descriptor 1 would get what is printed.
void hold_standard_descriptors() noexcept;

/// Writes all of `text`; what the stream refuses is dropped.
void write_text(std::FILE* stream, std::string_view text) noexcept;

/// Formatted text for standard output: what the command is for.
template <class... Args>
void print_out(fmt::format_string<Args...> format, Args&&... args) {
  write_text(stdout, fmt::format(format, std::forward<Args>(args)...));
}

/// Formatted text for standard error: warnings, errors, progress.
template <class... Args>
void print_err(fmt::format_string<Args...> format, Args&&... args) {
  write_text(stderr, fmt::format(format, std::forward<Args>(args)...));
}

/// Writes out what is buffered of standard output and tells whether some of it was lost to anything but a reader that
/// went away or was never there (EPIPE, EBADF): a full disk, say.
[[nodiscard]] bool output_was_lost() noexcept;

}  // namespace mailferry::cli
