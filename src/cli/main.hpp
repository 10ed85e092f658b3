// The program behind main(): reads the command line, the configuration and the secrets, and runs one subcommand.
#pragma once

namespace mailferry::cli {

/// Runs the program; the value is the exit code of the process.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace mailferry::cli
