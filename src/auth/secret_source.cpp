#include "auth/secret_source.hpp"

#include "auth/line_reader.hpp"
#include "auth/secret_command.hpp"
#include "auth/secret_file.hpp"
#include "auth/terminal_prompt.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdlib>

namespace mailferry::auth {
namespace {

constexpr std::chrono::seconds kPatience{120};

/// "password" or "access token".
std::string_view noun(const SecretSource& source) {
  return source.is_token ? "access token" : "password";
}

/// What keeps a password from being read is an error of the credentials, whatever the system calls it.
Result<Secret> as_credentials(Result<Secret> read, std::string_view remedy) {
  if (read || read.error().kind != ErrorKind::local_io) return read;
  auto error = std::move(read).error();
  error.kind = ErrorKind::auth;
  if (error.remedy.empty()) error.remedy = remedy;
  return std::unexpected(std::move(error));
}

Result<Secret> from_file(const SecretSource& source) {
  return as_credentials(read_secret_file(source.value, noun(source), kPatience),
                        "give a file with the secret in its first line that only you can read");
}

Result<Secret> from_environment(const SecretSource& source) {
  const char* value = std::getenv(source.value.c_str());
  if (value == nullptr) {
    return fail(ErrorKind::auth, Scope::run, fmt::format("environment variable {} is not set", source.value),
                fmt::format("set it to the {} (export {}=…) or use another source", noun(source), source.value));
  }
  return Secret(value);
}

Result<Secret> from_descriptor(const SecretSource& source) {
  int descriptor = -1;
  const char* end = source.value.data() + source.value.size();
  const auto [rest, error] = std::from_chars(source.value.data(), end, descriptor);
  if (error != std::errc{} || rest != end || descriptor < 0) {
    return fail(ErrorKind::usage, Scope::run, fmt::format("'{}' is not the number of a file descriptor", source.value),
                "give a number such as 3, and open it: 3< FILE");
  }
  return as_credentials(read_secret_line(descriptor, fmt::format("file descriptor {}", descriptor), kPatience),
                        fmt::format("open it for reading where the command is given: {}< FILE", descriptor));
}

Result<Secret> read_any(const SecretSource& source, const std::string& who) {
  switch (source.kind) {
    case SecretSource::Kind::file:
      return from_file(source);
    case SecretSource::Kind::environment:
      return from_environment(source);
    case SecretSource::Kind::descriptor:
      return from_descriptor(source);
    case SecretSource::Kind::command:
      return run_secret_command(source.value, fmt::format("the {} command for {}", noun(source), who), kPatience);
    case SecretSource::Kind::prompt:
      return prompt_for_secret(fmt::format("{} for {}: ", source.is_token ? "Access token" : "Password", who));
    case SecretSource::Kind::literal:
      return source.literal;
    case SecretSource::Kind::none:
      break;
  }
  return fail(
      ErrorKind::usage, Scope::run, fmt::format("there is no password for {}", who),
      "give a -password-file, -password-env, -password-command or -password-fd option, or a key in mailferry.toml");
}

}  // namespace

Result<Secret> read_secret(const SecretSource& source, const std::string& who) {
  TRY(auto secret, read_any(source, who));
  if (secret.empty()) {
    return fail(ErrorKind::auth, Scope::account, fmt::format("the {} for {} is empty", noun(source), who),
                "its first line must be the secret itself");
  }
  return secret;
}

}  // namespace mailferry::auth
