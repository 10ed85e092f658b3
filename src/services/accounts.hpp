// From what the user configured to what the client needs.
#pragma once

#include "base/secret.hpp"
#include "client/imap_connection.hpp"
#include "config/account.hpp"

namespace mailferry::services {

[[nodiscard]] client::ConnectOptions to_connect_options(const config::Account& account, const Secret& secret);

}  // namespace mailferry::services
