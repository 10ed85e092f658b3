// From the keys of one [account.NAME] to an Account: what has to fit together.
#pragma once

#include "base/result.hpp"
#include "config/account.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace mailferry::config {

/// The account, or what is wrong with the keys as a whole in `problems` (one sentence each); then the account is of no
/// use.
[[nodiscard]] Account to_account(const AccountSettings& settings, std::vector<std::string>& problems);

/// Lets the account be reached through `command`; imap:// then means neither TLS nor STARTTLS.
void use_tunnel(const std::string& command, Account& account);

}  // namespace mailferry::config
