#include "stores/imap/imap_session.hpp"

#include "stores/imap/imap_appender.hpp"
#include "stores/imap/imap_reader.hpp"
#include "stores/imap/uid_parts.hpp"

namespace mailferry::stores::imap {

using mailferry::imap::Capability;
namespace commands = mailferry::imap::commands;

ImapSession::ImapSession(asio::io_context& context, std::unique_ptr<client::ImapConnection> connection,
                         std::shared_ptr<MailboxNames> names, std::string name, std::string identity)
    : context_(context), connection_(std::move(connection)), names_(std::move(names)), idle_end_(context) {
  traits_.name = std::move(name);
  traits_.identity = std::move(identity);
  traits_.separator = names_->separator();
  traits_.uid_plus = has(Capability::uidplus);
  traits_.multi_append = has(Capability::multiappend);
  traits_.change_tokens = has(Capability::condstore);
  traits_.gmail_labels = has(Capability::x_gm_ext_1);
  traits_.near_and_encrypted = connection_->transport().is_near_and_encrypted();
  traits_.append_limit = connection_->capabilities().append_limit();
}

std::unique_ptr<store::Reader> ImapSession::reader() {
  return std::make_unique<ImapReader>(*connection_, *names_, examined_);
}

std::unique_ptr<store::Appender> ImapSession::appender(std::size_t window_octets) {
  examined_.clear();
  return std::make_unique<ImapAppender>(*connection_, *names_, window_octets);
}

Task<> ImapSession::change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                                 const std::vector<store::FlagUpdate>& updates) {
  CO_CHECK(co_await select(mailbox, uid_validity));
  std::vector<std::string> tags;
  for (const auto& update : updates) {
    auto uids = update.uids;
    while (!uids.empty()) {
      const auto part = take_part(uids, connection_->capabilities());
      if (!update.add.empty())
        tags.push_back(connection_->submit(commands::uid_store(part, mailferry::imap::StoreMode::add, update.add)));
      if (!update.remove.empty())
        tags.push_back(
            connection_->submit(commands::uid_store(part, mailferry::imap::StoreMode::remove, update.remove)));
    }
  }
  co_return co_await complete_all(tags, "UID STORE");
}

Task<> ImapSession::select(const MailboxPath& mailbox, UidValidity uid_validity) {
  CO_TRY(const auto wire, names_->to_wire(mailbox));
  UidValidity seen = 0;
  examined_.clear();
  const auto command = commands::select(wire);
  const auto on_status = [&seen](const mailferry::imap::StatusResponse& status) {
    if (status.code.code == mailferry::imap::Code::uid_validity) seen = static_cast<UidValidity>(status.code.number);
  };
  CO_TRY(auto selected, co_await connection_->run(command, Scope::mailbox, {}, on_status));
  if (uid_validity != 0 && seen != uid_validity)
    co_return fail(ErrorKind::protocol, Scope::mailbox, "UIDVALIDITY of " + mailbox.to_string() + " changed",
                   "run again: messages are then recognised by their content", Retry::later);
  co_return Result<>{};
}

Task<> ImapSession::complete_all(const std::vector<std::string>& tags, std::string_view step) {
  std::optional<Error> first_error;
  for (const auto& tag : tags) {
    auto done = co_await connection_->complete(tag, Scope::mailbox, step);
    if (done) continue;
    if (!connection_->transport().is_open()) co_return std::unexpected(done.error());
    if (!first_error) first_error = done.error();
  }
  if (first_error) co_return std::unexpected(*first_error);
  co_return Result<>{};
}

}  // namespace mailferry::stores::imap
