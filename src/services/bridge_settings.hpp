// From what the user configured to what the carriers need.
#pragma once

#include "config/account.hpp"
#include "config/bridge.hpp"
#include "sync/carry/carry_settings.hpp"

namespace mailferry::services {

[[nodiscard]] sync::CarrySettings to_carry_settings(const config::Bridge& bridge, const config::Account& destination);

/// Of bridge.sources[index]. Errors: usage, a mailbox name that cannot be read.
[[nodiscard]] Result<sync::SourceSettings> to_source_settings(const config::Bridge& bridge, std::size_t index);

/// A mailbox name of the configuration.
[[nodiscard]] Result<MailboxPath> to_path(const std::string& name, config::MailboxNames spelling);

}  // namespace mailferry::services
