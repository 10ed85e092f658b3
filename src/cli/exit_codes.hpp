// The exit codes that scripts rely on; one table, from which --help and the manual are made.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>

namespace mailferry::cli {

enum class ExitCode : int {
  ok = 0,
  incomplete = 1,
  usage = 2,
  unreachable = 3,
  credentials = 4,
  local = 5,
  server = 6,
  interrupted = 130,
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

/// All codes in ascending order.
[[nodiscard]] std::span<const ExitCodeRow> exit_code_table() noexcept;

/// The code of a run that ended with this error.
[[nodiscard]] int exit_code(const Error& error) noexcept;
[[nodiscard]] constexpr int to_int(ExitCode code) noexcept {
  return static_cast<int>(code);
}

/// The table for --help and for the manual (Markdown).
[[nodiscard]] std::string exit_codes_help();
[[nodiscard]] std::string exit_codes_markdown();

}  // namespace mailferry::cli
