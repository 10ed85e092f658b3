// An IMAP account as a Store.
#pragma once

#include "client/imap_connection.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"

#include <memory>

namespace mailferry::stores::imap {

class ImapStore final : public store::Store {
 public:
  /// `context` must outlive the store.
  ImapStore(asio::io_context& context, client::ConnectOptions options);

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] const std::string& identity() const noexcept override { return identity_; }
  Task<std::unique_ptr<store::Session>> open_session() override;
  /// What people know it by from now on; the identity stays.
  void call(std::string name) { name_ = std::move(name); }
  /// From now on a path of one component is a whole name as the server spells it, in UTF-8: with its separators and the
  /// namespace prefix.
  void use_server_names() { names_->use_server_names(); }

 private:
  asio::io_context& context_;
  client::ConnectOptions options_;
  std::string name_;
  std::string identity_;
  std::shared_ptr<MailboxNames> names_;  // with the sessions: what one has listed, all can open
};

}  // namespace mailferry::stores::imap
