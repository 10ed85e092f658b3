// A mailbox path as the one text that stands for it in the state file.
#pragma once

#include "base/result.hpp"
#include "mail/mailbox_path.hpp"

#include <string>
#include <string_view>

namespace mailferry::state {

/// The components joined with '/', after '/' and '\' inside them were escaped with '\': two paths have the same key
/// only if they are equal. Values are on disk.
[[nodiscard]] std::string to_mailbox_key(const MailboxPath& path);

/// The way back; the empty text is the empty path. Error{state_corrupt, mailbox} when '\' escapes anything else.
[[nodiscard]] Result<MailboxPath> parse_mailbox_key(std::string_view key);

}  // namespace mailferry::state
