// Runs a command parser over octets as a server would, and tells what came out. For tests and fuzzers.
#pragma once

#include "imap/command/command_parser.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::imap {

struct SessionResult {
  /// All events in a form that does not depend on how messages were cut into chunks.
  std::string events;
  std::vector<ParsedCommand> commands;
};

/// How many octets come next, at least 1.
using ChunkSize = std::function<std::size_t()>;

/// Lines after IDLE and AUTHENTICATE are read as lines; messages for mailboxes whose name begins with "refuse" are
/// refused.
[[nodiscard]] SessionResult run_session(std::string_view octets, const ChunkSize& next_chunk,
                                        const CommandLimits& limits = {});

/// All octets at once.
[[nodiscard]] SessionResult run_session(std::string_view octets, const CommandLimits& limits = {});

}  // namespace mailferry::imap
