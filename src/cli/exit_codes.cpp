#include "cli/exit_codes.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace mailferry::cli {
namespace {

constexpr std::array kTable{
    ExitCodeRow{ExitCode::ok, "everything that was asked for is done"},
    ExitCodeRow{ExitCode::incomplete,
                "finished, but something is missing: messages failed, or verify found differences"},
    ExitCodeRow{ExitCode::usage, "the command line or the configuration is wrong; nothing was done"},
    ExitCodeRow{ExitCode::unreachable, "a server could not be reached: name, network, timeout, certificate"},
    ExitCodeRow{ExitCode::credentials, "a server refused the credentials, or the password could not be read"},
    ExitCodeRow{ExitCode::local, "a local file or the state failed: missing, not readable, disk full"},
    ExitCodeRow{ExitCode::server, "a server refused the work, or broke the protocol"},
    ExitCodeRow{ExitCode::interrupted, "interrupted by the user; nothing is in doubt, the same command goes on"},
};

ExitCode code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return ExitCode::usage;
    case ErrorKind::network:
    case ErrorKind::timeout:
    case ErrorKind::tls:
      return ExitCode::unreachable;
    case ErrorKind::auth:
      return ExitCode::credentials;
    case ErrorKind::local_io:
    case ErrorKind::state_corrupt:
      return ExitCode::local;
    case ErrorKind::cancelled:
      return ExitCode::interrupted;
    case ErrorKind::throttled:
    case ErrorKind::permission:
    case ErrorKind::quota:
    case ErrorKind::mailbox_missing:
    case ErrorKind::message_missing:
    case ErrorKind::message_rejected:
    case ErrorKind::protocol:
      return ExitCode::server;
  }
  return ExitCode::server;
}

}  // namespace

std::span<const ExitCodeRow> exit_code_table() noexcept {
  return kTable;
}

int exit_code(const Error& error) noexcept {
  return to_int(code_of(error.kind));
}

std::string exit_codes_help() {
  std::string text = "Exit codes:\n";
  for (const auto& row : kTable)
    fmt::format_to(std::back_inserter(text), "  {:<5}{}\n", to_int(row.code), row.meaning);
  return text;
}

std::string exit_codes_markdown() {
  std::string text = "| exit code | meaning |\n|---|---|\n";
  for (const auto& row : kTable)
    fmt::format_to(std::back_inserter(text), "| {} | {} |\n", to_int(row.code), row.meaning);
  return text;
}

}  // namespace mailferry::cli
