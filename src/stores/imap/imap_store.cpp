#include "stores/imap/imap_store.hpp"

#include "stores/imap/imap_session.hpp"

namespace mailferry::stores::imap {

ImapStore::ImapStore(asio::io_context& context, client::ConnectOptions options)
    : context_(context),
      options_(std::move(options)),
      name_(fmt::format("{}@{}", options_.credentials.user, options_.endpoint.host)),
      identity_(fmt::format("{}@{}:{}", options_.credentials.user, options_.endpoint.host, options_.endpoint.port)),
      names_(std::make_shared<MailboxNames>()) {}

Task<std::unique_ptr<store::Session>> ImapStore::open_session() {
  CO_TRY(auto connection, co_await client::ImapConnection::open(context_, options_));
  co_return std::make_unique<ImapSession>(context_, std::move(connection), names_, name_, identity_);
}

}  // namespace mailferry::stores::imap
