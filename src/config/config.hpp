// mailferry.toml, read and checked.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/account.hpp"
#include "config/bridge.hpp"
#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::config {

struct Config {
  std::string file;
  std::vector<Account> accounts;  // by name
  CopyDefaults copy;
  std::optional<Bridge> bridge;
  /// What the user should know of how the file was understood, one sentence each.
  std::vector<std::string> warnings{};

  /// Null: no such account.
  [[nodiscard]] const Account* find(std::string_view name) const noexcept;
};

/// Reads a file. Errors (kind usage): it cannot be read or is larger than 1 MiB, or as parse_config().
[[nodiscard]] Result<Config> load_config(const std::string& file);

/// The text of such a file, at most 1 MiB; a Secret, as files of other tools hold passwords. Errors as load_config().
[[nodiscard]] Result<Secret> read_config_text(const std::string& file);

/// `text` as if it stood in `file`. All problems are reported in one Error{usage}: "FILE:LINE:COLUMN: …", one a line,
/// each with the nearest known name where a name is unknown.
[[nodiscard]] Result<Config> parse_config(std::string_view text, const std::string& file);

}  // namespace mailferry::config
