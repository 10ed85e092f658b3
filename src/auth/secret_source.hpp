// Where a password or token comes from; it is read when it is needed and never stored by us.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>

namespace mailferry::auth {

struct SecretSource {
  enum class Kind { none, prompt, file, environment, descriptor, command, literal };
  Kind kind = Kind::none;
  /// File path, variable name, descriptor number or shell command.
  std::string value;
  /// The secret is an OAuth2 access token, not a password.
  bool is_token = false;
  /// With Kind::literal, the secret itself: it stood in a file of another tool. Never from mailferry.toml.
  Secret literal{};
};

/// Reads the secret: first line of a file or descriptor or of a command's standard output, without its line end; a
/// variable's value; or what the user types at the terminal (echo off) after "Password for `who`: ".
/// Blocks: call it on the blocking pool or before the network starts. A file that others can read is refused (remedy:
/// chmod 600). Errors: kind auth (empty, command failed: its exit code, never its output), local_io, usage (no
/// terminal).
[[nodiscard]] Result<Secret> read_secret(const SecretSource& source, const std::string& who);

}  // namespace mailferry::auth
