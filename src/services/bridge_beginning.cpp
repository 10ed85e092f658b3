#include "services/bridge_beginning.hpp"

#include "base/log.hpp"
#include "services/bridge_settings.hpp"
#include "sync/carry/carry_notes.hpp"

namespace mailferry::services {
namespace {

/// What of the mailbox is wanted is on record, with what the tool before had done.
Result<bool> has_begun(state::Journal& journal, state::PairId pair, const MailboxPath& mailbox) {
  TRY(const auto since, journal.note(pair, sync::since_note(mailbox)));
  return since.has_value();
}

Result<bool> have_all_begun(state::Journal& journal, const BridgeRequest& request, std::size_t index) {
  TRY(const auto pair, journal.find_pair(request.sources[index].account.label(), request.destination.account.label()));
  if (!pair) return false;
  for (const auto& mapping : request.bridge.sources[index].mappings) {
    TRY(const auto mailbox, to_path(mapping.from, request.bridge.names));
    TRY(const bool begun, has_begun(journal, *pair, mailbox));
    if (!begun) return false;
  }
  return true;
}

}  // namespace

Result<> check_take_over(state::Journal& journal, const BridgeRequest& request) {
  if (!request.unread_state) return {};
  for (std::size_t index = 0; index < request.sources.size(); ++index) {
    TRY(const bool begun, have_all_begun(journal, request, index));
    if (!begun) return std::unexpected(*request.unread_state);
  }
  return {};
}

Result<> begin_without_old_state(state::Journal& journal, const BridgeRequest& request) {
  CHECK_OK(check_take_over(journal, request));
  if (request.unread_state)
    log::warning("the state of the tool before is not read, and not needed, as every mailbox has begun",
                 {{"reason", request.unread_state->describe()}, {"remedy", "remove take_over"}});
  return {};
}

std::function<bool()> to_reader(const BridgeRequest& request, state::Journal& journal) {
  if (!request.can_reload) return {};
  return [&request, &journal] {
    return request.can_reload([&journal](const BridgeRequest& next) { return check_take_over(journal, next); });
  };
}

}  // namespace mailferry::services
