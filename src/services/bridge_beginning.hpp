// What has to be known before a bridge begins: the state of the tool before it, where one is taken over.
#pragma once

#include "services/bridge.hpp"
#include "state/journal.hpp"

#include <functional>

namespace mailferry::services {

/// A state of another tool that cannot be read is not needed where all mailboxes that are mapped have begun. Error:
/// request.unread_state, of the journal.
[[nodiscard]] Result<> check_take_over(state::Journal& journal, const BridgeRequest& request);

/// The same, with a warning where such a state is done without.
[[nodiscard]] Result<> begin_without_old_state(state::Journal& journal, const BridgeRequest& request);

/// What reads the configuration again: request.can_reload with the journal that is in use. Both must outlive it.
[[nodiscard]] std::function<bool()> to_reader(const BridgeRequest& request, state::Journal& journal);

}  // namespace mailferry::services
