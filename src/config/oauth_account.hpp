// The oauth keys of one [account.NAME]: what has to fit together.
#pragma once

#include "config/account.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace mailferry::config {

/// Lets the account sign in with OAuth2 if the keys say so; what contradicts goes to `problems`, one sentence each.
void use_oauth(const AccountSettings& settings, Account& account, std::vector<std::string>& problems);

}  // namespace mailferry::config
