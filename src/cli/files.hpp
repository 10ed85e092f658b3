// Where the program's own files are (XDG Base Directory Specification).
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace mailferry::cli {

/// The places where mailferry.toml is looked for, the first has precedence.
[[nodiscard]] std::vector<std::string> config_file_candidates();
/// The first of them that exists; empty: none.
[[nodiscard]] std::string find_config_file();
/// state.db below $XDG_STATE_HOME/mailferry or ~/.local/state/mailferry. Error{usage}: there is no home directory.
[[nodiscard]] Result<std::string> default_state_file();
/// bridge.db below $STATE_DIRECTORY (systemd's), else beside the file above. Error as above.
[[nodiscard]] Result<std::string> default_bridge_state_file();

}  // namespace mailferry::cli
