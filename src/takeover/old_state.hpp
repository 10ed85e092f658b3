// Reads the state of a replaced tool; it is never written.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "takeover/taken_over.hpp"

#include <string>

namespace mailferry::takeover {

/// The file that config.bridge->take_over names, of whichever tool; `config` tells which mailboxes are meant. Errors:
/// state_corrupt (damaged, or of neither tool: then it is not known what was delivered, and nothing may be sent),
/// usage (the tool is still running), local_io.
[[nodiscard]] Result<TakenOver> read_old_state(const config::Config& config);

/// state.db of imap-bridge.
[[nodiscard]] Result<TakenOver> read_imap_bridge_state(const std::string& file, const config::Config& config);
/// sync_state.json of imap-to-gmail-sync.
[[nodiscard]] Result<TakenOver> read_gmail_sync_state(const std::string& file);

}  // namespace mailferry::takeover
