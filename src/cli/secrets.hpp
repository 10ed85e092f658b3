// The secrets of an invocation, read before the network starts.
#pragma once

#include "cli/options.hpp"

namespace mailferry::cli {

enum class Prompting { possible, impossible };

/// Fills from_secret and to_secret. An account without a source is asked for at the terminal where that is possible;
/// otherwise Error{usage} with the options that help.
[[nodiscard]] Result<> read_secrets(Invocation& invocation, Prompting prompting);

/// Error{usage}: a bridge could not sign in with this account, as it never asks for a password.
[[nodiscard]] Result<> check_has_secret(const config::Account& account);

/// The secret of one account whose source is set, and the password of its proxy; nothing where it needs none.
[[nodiscard]] Result<Secret> read_secret_of(config::Account& account);

}  // namespace mailferry::cli
