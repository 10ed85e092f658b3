// `mailferry bridge`: wiring of many sources, one destination, the journal and what stands around them.
#pragma once

#include "async/signal_guard.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/account.hpp"
#include "config/bridge.hpp"
#include "mail/uid_set.hpp"

#include <csignal>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mailferry::services {

/// What another tool had carried of one mailbox before: all up to this UID but for some, and to single mailboxes more.
struct DoneBefore {
  Uid up_to = 0;
  UidSet but{};
  std::map<std::string, UidSet> delivered{};  // by BridgeMapping::to
};

struct BridgeAccount {
  config::Account account;
  Secret secret;
  std::map<std::string, DoneBefore> done{};  // by BridgeMapping::from
};

struct BridgeRequest {
  config::Bridge bridge;
  BridgeAccount destination;
  std::vector<BridgeAccount> sources;  // in the order of bridge.sources
  std::string state_file;
  std::string version;
  std::string config_file{};
  /// What of the configuration means nothing, or not what it says; logged at each start.
  std::vector<std::string> warnings{};
  /// Whether a bridge may begin with what was read, as far as the one that runs knows.
  using MayBegin = std::function<Result<>(const BridgeRequest&)>;
  /// Asked at SIGHUP, on a thread of its own: false keeps the bridge as it is. Absent: it may always.
  std::function<bool(const MayBegin&)> can_reload{};
  /// A bridge worked before, in this process: what is wrong with its status page must not end it.
  bool reloaded = false;
  /// Why the state of another tool, which is to be taken over, cannot be read: a mailbox that needs it must not begin.
  std::optional<Error> unread_state{};
  /// Message-IDs that another tool brought to a mailbox, by BridgeMapping::to.
  std::map<std::string, std::set<std::string>> delivered_before{};
};

/// Whether a bridge can begin with it, as far as that is known without a connection. Error: usage.
[[nodiscard]] Result<> check_request(const BridgeRequest& request);

/// Why a bridge ended.
enum class BridgeEnd { stopped, reload };

/// The signals that a bridge answers to. Whoever calls run_bridge() again and again holds them back in between (with an
/// async::SignalGuard): one that came then would end the program.
inline constexpr std::initializer_list<int> kBridgeSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

/// Works until SIGTERM, SIGINT (stopped) or SIGHUP (reload: the caller reads the configuration again). What is under
/// way is brought to an end within 30 seconds. SIGUSR1 tries everything again at once, parked messages included.
/// Errors: local_io, state_corrupt, usage (the state is in use, an address that cannot be listened at).
[[nodiscard]] Result<BridgeEnd> run_bridge(const BridgeRequest& request, async::SignalGuard& guard);

/// The mailboxes of one account, as a mapping may name them.
struct Discovered {
  std::string label;  // "destination (archive@example.org)", "source[0] (alice@example.org)"
  std::vector<std::string> mailboxes{};
  std::optional<Error> error{};
};

/// Of the destination and of each source without mappings.
[[nodiscard]] std::vector<Discovered> discover_mailboxes(const BridgeRequest& request);

}  // namespace mailferry::services
