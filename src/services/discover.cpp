#include "async/run_loop.hpp"
#include "net/service_manager.hpp"
#include "services/accounts.hpp"
#include "services/bridge.hpp"
#include "state/mailbox_key.hpp"
#include "stores/imap/imap_store.hpp"

namespace mailferry::services {
namespace {

Task<> list(store::Store* store, config::MailboxNames spelling, Discovered* found) {
  CO_TRY(const auto session, co_await store->open_session());
  CO_TRY(const auto list, co_await session->list(false));
  for (const auto& mailbox : list.mailboxes) {
    if (!mailbox.selectable || mailbox.foreign) continue;
    const bool as_server = spelling == config::MailboxNames::server;
    found->mailboxes.push_back(as_server ? mailbox.path.join(session->traits().separator)
                                         : state::to_mailbox_key(mailbox.path));
  }
  co_return co_await session->logout();
}

Discovered discover(const BridgeAccount& account, config::MailboxNames spelling, std::string label) {
  Discovered found{.label = std::move(label)};
  asio::io_context io{1};
  stores::imap::ImapStore store(io, to_connect_options(account.account, account.secret));
  const auto listed = async::run_until_done(io, list(&store, spelling, &found));
  if (!listed) found.error = listed.error();
  return found;
}

}  // namespace

std::vector<Discovered> discover_mailboxes(const BridgeRequest& request) {
  // A service that ends without a word has failed, to systemd.
  net::ServiceManager::from_environment().ready("listing mailboxes: mappings are missing");
  std::vector<Discovered> all;
  const auto spelling = request.bridge.names;
  all.push_back(
      discover(request.destination, spelling, fmt::format("destination ({})", request.destination.account.user)));
  for (std::size_t index = 0; index < request.sources.size(); ++index) {
    if (!request.bridge.sources[index].mappings.empty()) continue;
    const auto& source = request.sources[index];
    all.push_back(discover(source, spelling, fmt::format("source[{}] ({})", index, source.account.user)));
  }
  return all;
}

}  // namespace mailferry::services
