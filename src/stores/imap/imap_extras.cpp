// What not every store offers: finding, removing and labelling messages.
#include "imap/syntax/mailbox_name.hpp"
#include "stores/imap/imap_session.hpp"
#include "stores/imap/uid_parts.hpp"

namespace mailferry::stores::imap {

using mailferry::imap::Capability;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

Task<UidSet> ImapSession::find_message_ids(const MailboxPath& mailbox, const std::vector<std::string>& message_ids) {
  UidSet found;
  if (message_ids.empty()) co_return found;
  CO_TRY(const auto wire, names_->to_wire(mailbox));
  const auto examine_tag = connection_->submit(commands::examine(wire));
  examined_ = wire;
  // Together: which answer belongs to which question does not matter.
  std::vector<std::string> tags;
  for (const auto& message_id : message_ids)
    tags.push_back(
        connection_->submit(commands::uid_search_header("Message-ID", message_id, has(Capability::esearch))));
  auto examined = co_await connection_->complete(examine_tag, Scope::mailbox, "EXAMINE " + mailbox.to_string());
  if (!examined && !connection_->transport().is_open()) co_return std::unexpected(examined.error());
  const client::UntaggedHandler on_data = [&found](UntaggedData& data) {
    if (const auto* search = std::get_if<mailferry::imap::ESearchData>(&data); search != nullptr && search->all)
      found.add(*search->all);
    if (const auto* search = std::get_if<mailferry::imap::SearchData>(&data)) {
      for (const auto number : search->numbers)
        found.add(static_cast<Uid>(number));
    }
  };
  std::optional<Error> refused;
  for (const auto& tag : tags) {
    auto done = co_await connection_->complete(tag, Scope::mailbox, "UID SEARCH", on_data);
    if (!done && !connection_->transport().is_open()) co_return std::unexpected(done.error());
    if (!done && !refused) refused = done.error();
  }
  if (!examined) co_return std::unexpected(examined.error());
  if (refused) co_return std::unexpected(*refused);
  co_return found;
}

store::Pruner* ImapSession::pruner() noexcept {
  return has(Capability::uidplus) ? static_cast<store::Pruner*>(this) : nullptr;
}

Task<> ImapSession::expunge(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids) {
  CO_CHECK(co_await select(mailbox, uid_validity));
  Flags deleted;
  deleted.add(SystemFlag::deleted);
  std::vector<std::string> tags;
  auto left = uids;
  while (!left.empty()) {
    const auto part = take_part(left, connection_->capabilities());
    tags.push_back(connection_->submit(commands::uid_store(part, mailferry::imap::StoreMode::add, deleted)));
    tags.push_back(connection_->submit(commands::uid_expunge(part)));
  }
  co_return co_await complete_all(tags, "UID EXPUNGE");
}

store::Labeller* ImapSession::labeller() noexcept {
  return has(Capability::x_gm_ext_1) ? static_cast<store::Labeller*>(this) : nullptr;
}

Task<> ImapSession::add_labels(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids,
                               const std::vector<std::string>& labels) {
  std::vector<std::string> wire;
  for (const auto& label : labels) {
    CO_TRY(auto encoded, mailferry::imap::encode_mutf7(label));
    wire.push_back(std::move(encoded));
  }
  CO_CHECK(co_await select(mailbox, uid_validity));
  std::vector<std::string> tags;
  auto left = uids;
  while (!left.empty()) {
    const auto part = take_part(left, connection_->capabilities());
    tags.push_back(connection_->submit(commands::uid_add_gmail_labels(part, wire)));
  }
  co_return co_await complete_all(tags, "UID STORE X-GM-LABELS");
}

}  // namespace mailferry::stores::imap
