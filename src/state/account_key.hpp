// Keys of accounts in the state file, "user@host:port", of which two may mean one account.
#pragma once

#include <string>
#include <string_view>

namespace mailferry::state {

/// The key of the same account by the other of the two ports of IMAP: 143 (STARTTLS) and 993 (implicit TLS) are one
/// server, to which an account may be moved at any time. By any other port: `key` itself.
[[nodiscard]] std::string twin_key(std::string_view key);

/// The one of a key and its twin that stands for both. Values are on disk.
[[nodiscard]] std::string server_key(std::string_view key);

}  // namespace mailferry::state
