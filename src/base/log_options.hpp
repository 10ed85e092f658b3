// Where the lines of the log go and which ones; plain data, so that the configuration can hold it.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace mailferry::log {

struct Options {
  enum class Target { standard_error, standard_output, syslog, file };
  Target target = Target::standard_error;
  /// With Target::file: its path. Rotated files stand beside it, as PATH.1.zst (the newest), PATH.2.zst …
  std::string file;
  Level level = Level::info;
  Format format = Format::text;
  /// A file that would grow beyond this is rotated first; 0: never.
  std::uint64_t most_octets = 10'000'000;
  /// How many rotated files are kept; 0: none.
  unsigned most_files = 5;

  bool operator==(const Options&) const = default;
};

/// "stderr", "stdout" and "syslog" are targets, all else is the path of a file.
void set_target(std::string_view text, Options& options);
/// The same, back.
[[nodiscard]] std::string target_text(const Options& options);

/// From now on lines go there; also while others write, as at a reload. Under systemd what goes to standard error or
/// output carries its priority. Error{local_io}: the file cannot be opened; then all stays as it was.
[[nodiscard]] Result<> configure(const Options& options);

}  // namespace mailferry::log
