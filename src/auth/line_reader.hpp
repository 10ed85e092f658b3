// Reads one line from a descriptor, octet by octet, so that what follows it stays for the next reader.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <cstddef>
#include <signal.h>
#include <string>

namespace mailferry::auth {

/// The longest secret that is taken; access tokens have a few thousand octets.
inline constexpr std::size_t kMaxSecretOctets = 65536;

/// One line without its line end ("\n" or "\r\n"), or what there is before the end of the input. `what` names the
/// source in errors: timeout when nothing comes for `patience`, local_io when reading fails, auth when the line is
/// longer than kMaxSecretOctets.
[[nodiscard]] Result<Secret> read_secret_line(int descriptor, const std::string& what,
                                              std::chrono::milliseconds patience, const sigset_t* wait_mask = nullptr);

}  // namespace mailferry::auth
