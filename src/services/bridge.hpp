// `mailferry bridge`: wiring of many sources, one destination, the journal and what stands around them.
#pragma once

#include "base/secret.hpp"
#include "config/account.hpp"
#include "config/bridge.hpp"
#include "services/bridge_status.hpp"

#include <string>
#include <vector>

namespace mailferry::services {

struct BridgeAccount {
  config::Account account;
  Secret secret;
};

struct BridgeRequest {
  config::Bridge bridge;
  BridgeAccount destination;
  std::vector<BridgeAccount> sources;  // in the order of bridge.sources
  std::string state_file;
};

/// Why a bridge ended.
enum class BridgeEnd { stopped, reload };

/// Works until SIGTERM, SIGINT (stopped) or SIGHUP (reload: the caller reads the configuration again). What is under
/// way is brought to an end within 30 seconds. SIGUSR1 tries everything again at once, parked messages included.
/// Errors: local_io, state_corrupt, usage (the state is in use).
[[nodiscard]] Result<BridgeEnd> run_bridge(const BridgeRequest& request);

}  // namespace mailferry::services
