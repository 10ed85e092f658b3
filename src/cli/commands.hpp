// The subcommands: one function and one file (cmd_<name>.cpp) each. They print their own report; the value is the exit
// code (cli/exit_codes.hpp).
#pragma once

#include "cli/options.hpp"

namespace mailferry::cli {

[[nodiscard]] int cmd_copy(const Invocation& invocation);
[[nodiscard]] int cmd_verify(const Invocation& invocation);
[[nodiscard]] int cmd_folders(const Invocation& invocation);
[[nodiscard]] int cmd_explain(const Invocation& invocation);
[[nodiscard]] int cmd_auth(const Invocation& invocation);
/// `mailferry bridge`: runs until it is told to stop.
[[nodiscard]] int cmd_bridge(const Invocation& invocation);
[[nodiscard]] int cmd_status(const Invocation& invocation);
[[nodiscard]] int cmd_failures(const Invocation& invocation);
[[nodiscard]] int cmd_retry(const Invocation& invocation);
[[nodiscard]] int cmd_config(const Invocation& invocation);

}  // namespace mailferry::cli
