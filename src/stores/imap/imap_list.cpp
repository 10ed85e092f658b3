// Listing and preparing mailboxes in one turn each.
#include "imap/response_errors.hpp"
#include "stores/imap/imap_session.hpp"

#include <algorithm>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::StatusData;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

std::unexpected<Error> too_long(const client::ImapConnection& connection) {
  Error error = fail(ErrorKind::protocol, Scope::account, "the server's list of mailboxes does not end",
                     "see what a mail program shows of this account, and ask the server's administrator")
                    .error();
  return std::unexpected(connection.located(std::move(error)));
}

/// What every server has.
std::vector<std::string> submit_plain_list(client::ImapConnection& connection) {
  std::vector<std::string> tags{connection.submit(commands::list("", "*"))};
  tags.push_back(connection.submit(commands::lsub("", "*")));
  return tags;
}

/// The first command, LIST, has to succeed; what the others refuse is done without, unless the connection is lost.
Task<> receive_list(client::ImapConnection& connection, const std::vector<std::string>& tags, MailboxListing& listing) {
  const client::UntaggedHandler on_data = [&](UntaggedData& data) {
    listing.take(data);
    if (listing.is_too_long()) connection.close();
  };
  std::optional<Error> refused;
  for (const auto& tag : tags) {
    auto done = co_await connection.complete(tag, Scope::account, "LIST", on_data);
    if (listing.is_too_long()) co_return too_long(connection);
    if (!done && !connection.transport().is_open()) co_return std::unexpected(done.error());
    if (!done && tag == tags.front()) refused = done.error();
  }
  if (!refused) co_return Result<>{};
  if (refused->remedy.empty()) refused->remedy = mailferry::imap::kAskAdministrator;
  co_return std::unexpected(*refused);
}

}  // namespace

std::vector<std::string_view> ImapSession::status_items(bool with_octets) const {
  std::vector<std::string_view> items = {"MESSAGES", "UIDNEXT", "UIDVALIDITY"};
  if (has(Capability::condstore)) items.push_back("HIGHESTMODSEQ");
  if (with_octets && has(Capability::status_size)) items.push_back("SIZE");
  return items;
}

std::string ImapSession::submit_extended_list(const std::vector<std::string_view>& items) {
  commands::ListOptions options{.return_subscribed = true, .return_special_use = has(Capability::special_use)};
  if (has(Capability::list_status)) options.status_items = items;
  return connection_->submit(commands::list_extended("", "*", options));
}

/// Some refuse what they announce (quirk c17), leave out INBOX (quirk c15), or write lines with RETURN that cannot be
/// read: then the plain list counts as well.
Task<> ImapSession::receive_listing(MailboxListing& listing, const std::vector<std::string_view>& items) {
  const bool extended = has(Capability::list_extended);
  // Refused by some, after which the separator of the list has to do (quirk x21).
  std::optional<std::string> asked_namespace;
  if (has(Capability::namespace_)) asked_namespace = connection_->submit(commands::namespace_());
  auto tags = extended ? std::vector{submit_extended_list(items)} : submit_plain_list(*connection_);
  if (asked_namespace) tags.push_back(*asked_namespace);
  auto listed = co_await receive_list(*connection_, tags, listing);
  const bool is_whole = listing.has_inbox() && listing.unreadable() == 0;
  if (!extended || is_whole || (!listed && mailferry::imap::needs_pause(listed.error()))) co_return listed;

  const auto unreadable = listing.unreadable();
  listing.set_unreadable(0);
  const auto plain_tags = submit_plain_list(*connection_);
  auto listed_plainly = co_await receive_list(*connection_, plain_tags, listing);
  if (!listed_plainly) listing.set_unreadable(std::max(unreadable, listing.unreadable()));
  if (!listed || !connection_->transport().is_open()) listed = std::move(listed_plainly);
  co_return listed;
}

Task<store::MailboxList> ImapSession::list(bool with_octets) {
  MailboxListing listing(*names_);
  const auto items = status_items(with_octets);
  CO_CHECK(co_await receive_listing(listing, items));
  store::MailboxList list{.mailboxes = listing.mailboxes(), .unreadable = listing.unreadable()};
  list.is_of_others = [names = names_](const MailboxPath& path) { return names->leads_to_others(path); };
  traits_.separator = names_->separator();
  CO_CHECK(co_await list_statuses(list.mailboxes, with_octets));
  if (listing.has_inbox()) co_return list;
  auto inbox = listing.unlisted_inbox();
  CO_CHECK(co_await add_inbox(std::move(inbox), with_octets, list.mailboxes));
  co_return list;
}

Task<> ImapSession::learn_names() {
  MailboxListing listing(*names_);
  const std::vector<std::string_view> no_status;
  CO_CHECK(co_await receive_listing(listing, no_status));
  traits_.separator = names_->separator();
  co_return Result<>{};
}

/// Every account has one (RFC 9051 §5.1), whatever LIST says; where its STATUS is refused for good, there is none.
Task<> ImapSession::add_inbox(store::MailboxInfo inbox, bool with_octets, std::vector<store::MailboxInfo>& mailboxes) {
  const client::UntaggedHandler on_data = [&inbox](UntaggedData& data) {
    const auto* status = std::get_if<StatusData>(&data);
    if (status != nullptr && status->messages && canonical_name(status->mailbox) == "INBOX")
      inbox.status = to_status(*status);
  };
  const auto tag = connection_->submit(commands::status("INBOX", status_items(with_octets)));
  const auto done = co_await connection_->complete(tag, Scope::mailbox, "STATUS INBOX", on_data);
  if (!done && !connection_->transport().is_open()) co_return std::unexpected(done.error());
  if (done || done.error().retry != Retry::never) mailboxes.insert(mailboxes.begin(), std::move(inbox));
  co_return Result<>{};
}

/// Asks for each mailbox whose status did not come with the list, all in one turn.
Task<> ImapSession::list_statuses(std::vector<store::MailboxInfo>& mailboxes, bool with_octets) {
  std::vector<std::string> tags;
  std::map<std::string, store::MailboxInfo*>
      asked;  // by wire name: answers may come before the completion of an earlier STATUS
  for (auto& mailbox : mailboxes) {
    if (mailbox.status || !mailbox.selectable) continue;
    const auto wire = names_->to_wire(mailbox.path);
    if (!wire) continue;  // a name with NUL (quirk m2); whoever wants to open it is told
    tags.push_back(connection_->submit(commands::status(*wire, status_items(with_octets))));
    asked.emplace(*wire, &mailbox);
  }
  const client::UntaggedHandler on_data = [&asked](UntaggedData& data) {
    const auto* status = std::get_if<StatusData>(&data);
    if (status == nullptr || !status->messages) return;
    if (const auto mailbox = asked.find(canonical_name(status->mailbox)); mailbox != asked.end())
      mailbox->second->status = to_status(*status);
  };
  for (const auto& tag : tags) {
    auto done = co_await connection_->complete(tag, Scope::mailbox, "STATUS", on_data);
    if (!done && !connection_->transport().is_open()) co_return std::unexpected(done.error());
  }
  co_return Result<>{};
}

namespace {

/// One CREATE, SUBSCRIBE and SELECT, and what their answers add up to.
struct Preparing {
  store::CreateRequest request;
  std::string_view use;  // attribute; empty: none
  std::string wire = {};
  std::string create_tag = {}, subscribe_tag = {}, select_tag = {};
  std::optional<Error> error = {};
  store::Prepared prepared = {};

  void submit(client::ImapConnection& connection) {
    create_tag = request.create ? connection.submit(commands::create(wire, use)) : std::string();
    subscribe_tag = request.subscribe ? connection.submit(commands::subscribe(wire)) : std::string();
    select_tag = connection.submit(commands::select(wire));
  }

  void take(const UntaggedData& data) {
    if (const auto* exists = std::get_if<mailferry::imap::ExistsData>(&data)) prepared.status.messages = exists->count;
  }
  void take(const StatusResponse& status) {
    switch (status.code.code) {
      case Code::uid_validity:
        prepared.status.uid_validity = static_cast<UidValidity>(status.code.number);
        break;
      case Code::uid_next:
        prepared.status.uid_next = static_cast<Uid>(status.code.number);
        break;
      case Code::highestmodseq:
        prepared.status.highest_modseq = status.code.number;
        break;
      case Code::permanentflags:
        take_permanent_flags(status.code.atoms);
        break;
      default:
        break;
    }
  }
  /// What is not in the list is not sent: some refuse the message for it (quirks c19 and o4).
  void take_permanent_flags(const std::vector<std::string>& names) {
    auto& permanent = prepared.permanent_flags;
    permanent = {.flags = {}, .new_keywords = false, .known = true};
    for (const auto& name : names) {
      if (name == "\\*") {
        permanent.new_keywords = true;
      } else {
        permanent.flags.add(name);
      }
    }
  }
};

/// Errors: the connection is lost. A refusal is Preparing::error, that of the CREATE before that of the SELECT.
Task<> receive_prepared(client::ImapConnection& connection, Preparing& step) {
  const client::UntaggedHandler on_data = [&step](UntaggedData& data) { step.take(data); };
  const client::StatusHandler on_status = [&step](const StatusResponse& status) { step.take(status); };
  const auto select = "SELECT " + step.wire;
  const auto create = "CREATE " + step.wire;
  Result<> created;
  if (!step.create_tag.empty()) {
    auto done = co_await connection.complete(step.create_tag, Scope::mailbox, create);
    if (!done) created = std::unexpected(done.error());
    if (!done && !connection.transport().is_open()) co_return created;
  }
  if (!step.subscribe_tag.empty()) {
    auto done = co_await connection.complete(step.subscribe_tag, Scope::mailbox, "SUBSCRIBE");
    if (!done && !connection.transport().is_open()) co_return std::unexpected(done.error());
    if (!done) step.prepared.not_subscribed = done.error();
  }
  auto selected = co_await connection.complete(step.select_tag, Scope::mailbox, select, on_data, on_status);
  if (!selected && !connection.transport().is_open()) co_return std::unexpected(selected.error());
  step.error.reset();
  if (!selected) step.error = created ? selected.error() : created.error();
  co_return Result<>{};
}

}  // namespace

Task<std::vector<Result<store::Prepared>>> ImapSession::prepare(const std::vector<store::CreateRequest>& requests) {
  examined_.clear();
  std::vector<Preparing> steps;
  for (const auto& request : requests) {
    const auto use = has(Capability::create_special_use) ? to_attribute(request.use) : std::string_view{};
    auto& step = steps.emplace_back(Preparing{.request = request, .use = use});
    auto wire = names_->to_wire(request.mailbox);
    if (wire) {
      step.wire = *std::move(wire);
      step.submit(*connection_);
    } else {
      step.error = wire.error();
    }
  }
  for (auto& step : steps) {
    if (!step.wire.empty()) CO_CHECK(co_await receive_prepared(*connection_, step));
  }
  std::vector<Result<store::Prepared>> results;
  for (auto& step : steps) {
    // RFC 6154 §3: a server may refuse the use; the mailbox is worth more.
    if (step.error && !step.wire.empty() && !std::exchange(step.use, {}).empty() && step.request.create) {
      step.submit(*connection_);
      CO_CHECK(co_await receive_prepared(*connection_, step));
    }
    if (step.error) {
      results.emplace_back(std::unexpected(*step.error));
    } else {
      results.emplace_back(step.prepared);
    }
  }
  co_return results;
}

}  // namespace mailferry::stores::imap
