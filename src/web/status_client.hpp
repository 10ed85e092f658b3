// What the commands ask of a bridge that runs, over the socket file beside its state. Blocks; for programs that do
// nothing else.
#pragma once

#include "base/result.hpp"
#include "report/bridge_status.hpp"
#include "report/failure_selection.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace mailferry::web {

/// Where the bridge with this state file listens: "state.db" → "state.db.socket".
[[nodiscard]] std::filesystem::path status_socket(const std::filesystem::path& state_file);

// Errors of all: network (no bridge runs with this state file; is_not_running() tells), timeout, local_io, protocol,
// and what the bridge refuses.

/// As it was told, for --json.
[[nodiscard]] Result<std::string> ask_status_json(const std::filesystem::path& state_file);
[[nodiscard]] Result<report::BridgeStatus> ask_status(const std::filesystem::path& state_file);
/// How many parked messages are tried again.
[[nodiscard]] Result<std::size_t> ask_retry(const std::filesystem::path& state_file);
/// How many parked messages were forgotten.
[[nodiscard]] Result<std::size_t> ask_clear(const std::filesystem::path& state_file,
                                            const report::FailureSelection& selection);

/// Nobody listens there, as opposed to somebody who does not answer well.
[[nodiscard]] bool is_not_running(const Error& error) noexcept;

}  // namespace mailferry::web
