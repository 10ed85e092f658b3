// From what the user configured to what the carriers need.
#pragma once

#include "config/account.hpp"
#include "config/bridge.hpp"
#include "plan/quota_ledger.hpp"
#include "services/bridge.hpp"
#include "sync/carry/carry_settings.hpp"

namespace mailferry::services {

[[nodiscard]] sync::CarrySettings to_carry_settings(const config::Bridge& bridge, const config::Account& destination);

/// Of request.bridge.sources[index]. Sources of one account share its connections. Errors: usage, a mailbox name that
/// cannot be read, fewer connections than sources.
[[nodiscard]] Result<sync::SourceSettings> to_source_settings(const BridgeRequest& request, std::size_t index);

/// What the account may move in a day: Gmail's limits for Gmail, unless the user says otherwise.
[[nodiscard]] plan::QuotaLimits to_quota_limits(const config::Account& account);

/// A mailbox name of the configuration.
[[nodiscard]] Result<MailboxPath> to_path(const std::string& name, config::MailboxNames spelling);

}  // namespace mailferry::services
