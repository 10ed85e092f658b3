// Listing and preparing mailboxes in one turn each.
#include "stores/imap/imap_session.hpp"

#include <set>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::ListData;
using mailferry::imap::NamespaceData;
using mailferry::imap::StatusData;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

store::MailboxStatus to_status(const StatusData& data) {
  return {.uid_validity = data.uid_validity.value_or(0),
          .uid_next = data.uid_next.value_or(0),
          .messages = data.messages.value_or(0),
          .highest_modseq = data.highest_modseq.value_or(0),
          .octets = data.size};
}

bool same_word(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

/// What the answers to LIST, LSUB and STATUS add up to.
struct Listing {
  std::vector<ListData> mailboxes;
  std::set<std::string> subscribed;
  std::map<std::string, store::MailboxStatus> statuses;

  void take(UntaggedData& data) {
    if (auto* list = std::get_if<ListData>(&data)) {
      if (list->lsub) {
        // RFC 3501 §6.3.9: \Noselect here means that only something below it is subscribed.
        const bool itself = std::ranges::none_of(
            list->attributes, [](const std::string& attribute) { return same_word(attribute, "\\Noselect"); });
        if (itself) subscribed.insert(list->mailbox);
      } else {
        mailboxes.push_back(std::move(*list));
      }
    } else if (const auto* status = std::get_if<StatusData>(&data)) {
      statuses.insert_or_assign(status->mailbox, to_status(*status));
    }
  }

  [[nodiscard]] store::MailboxInfo info(const ListData& data, MailboxNames& names) const {
    store::MailboxInfo info{.path =
                                names.learn(data.mailbox, data.separator == '\0' ? names.separator() : data.separator)};
    info.subscribed = subscribed.contains(data.mailbox);
    for (const auto& attribute : data.attributes) {
      if (same_word(attribute, "\\Noselect") || same_word(attribute, "\\NonExistent")) info.selectable = false;
      if (same_word(attribute, "\\Subscribed")) info.subscribed = true;
      if (const auto use = parse_special_use(attribute); use != SpecialUse::none) info.use = use;
    }
    if (info.path.is_inbox()) info.use = SpecialUse::inbox;
    if (const auto status = statuses.find(data.mailbox); status != statuses.end() && info.selectable)
      info.status = status->second;
    return info;
  }
};

}  // namespace

std::vector<std::string_view> ImapSession::status_items(bool with_octets) const {
  std::vector<std::string_view> items = {"MESSAGES", "UIDNEXT", "UIDVALIDITY"};
  if (has(Capability::condstore)) items.push_back("HIGHESTMODSEQ");
  if (with_octets && has(Capability::status_size)) items.push_back("SIZE");
  return items;
}

Task<std::vector<store::MailboxInfo>> ImapSession::list(bool with_octets) {
  Listing listing;
  std::vector<std::string> tags;
  if (has(Capability::namespace_)) tags.push_back(connection_->submit(commands::namespace_()));
  if (has(Capability::list_extended)) {
    commands::ListOptions options{.return_subscribed = true, .return_special_use = has(Capability::special_use)};
    if (has(Capability::list_status)) options.status_items = status_items(with_octets);
    tags.push_back(connection_->submit(commands::list_extended("", "*", options)));
  } else {
    tags.push_back(connection_->submit(commands::list("", "*")));
    tags.push_back(connection_->submit(commands::lsub("", "*")));
  }
  const auto on_data = [&](UntaggedData& data) {
    if (const auto* namespaces = std::get_if<NamespaceData>(&data)) names_->set_namespaces(*namespaces);
    listing.take(data);
  };
  for (const auto& tag : tags) {
    CO_TRY(auto done, co_await connection_->complete(tag, Scope::account, "LIST", on_data));
  }

  std::vector<store::MailboxInfo> mailboxes;
  for (const auto& data : listing.mailboxes) {
    if (data.separator != '\0' && mailboxes.empty()) names_->set_separator(data.separator);
    if (names_->is_foreign(data.mailbox)) continue;
    mailboxes.push_back(listing.info(data, *names_));
  }
  traits_.separator = names_->separator();
  CO_CHECK(co_await list_statuses(mailboxes, with_octets));
  co_return mailboxes;
}

/// Asks for each mailbox whose status did not come with the list, all in one turn.
Task<> ImapSession::list_statuses(std::vector<store::MailboxInfo>& mailboxes, bool with_octets) {
  std::vector<std::string> tags;
  std::map<std::string, store::MailboxInfo*>
      asked;  // by wire name: answers may come before the completion of an earlier STATUS
  for (auto& mailbox : mailboxes) {
    if (mailbox.status || !mailbox.selectable) continue;
    CO_TRY(const auto wire, names_->to_wire(mailbox.path));
    tags.push_back(connection_->submit(commands::status(wire, status_items(with_octets))));
    asked.emplace(wire, &mailbox);
  }
  const auto on_data = [&asked](UntaggedData& data) {
    const auto* status = std::get_if<StatusData>(&data);
    if (status == nullptr) return;
    if (const auto mailbox = asked.find(status->mailbox); mailbox != asked.end())
      mailbox->second->status = to_status(*status);
  };
  for (const auto& tag : tags) {
    auto done = co_await connection_->complete(tag, Scope::mailbox, "STATUS", on_data);
    if (!done && !connection_->transport().is_open()) co_return std::unexpected(done.error());
  }
  co_return Result<>{};
}

namespace {

/// The answers to one CREATE, SUBSCRIBE and SELECT.
struct Preparing {
  std::string wire;
  std::string create_tag, subscribe_tag, select_tag;
  std::optional<Error> create_error;
  store::Prepared prepared;

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

}  // namespace

Task<std::vector<Result<store::Prepared>>> ImapSession::prepare(const std::vector<store::CreateRequest>& requests) {
  examined_.clear();
  std::vector<Result<Preparing>> steps;
  for (const auto& request : requests) {
    auto wire = names_->to_wire(request.mailbox);
    if (!wire) {
      steps.emplace_back(std::unexpected(wire.error()));
      continue;
    }
    Preparing step{
        .wire = *wire, .create_tag = {}, .subscribe_tag = {}, .select_tag = {}, .create_error = {}, .prepared = {}};
    const auto use = has(Capability::create_special_use) ? to_attribute(request.use) : std::string_view{};
    if (request.create) step.create_tag = connection_->submit(commands::create(*wire, use));
    if (request.subscribe) step.subscribe_tag = connection_->submit(commands::subscribe(*wire));
    step.select_tag = connection_->submit(commands::select(*wire));
    steps.emplace_back(std::move(step));
  }
  std::vector<Result<store::Prepared>> results;
  for (auto& step : steps) {
    if (!step) {
      results.emplace_back(std::unexpected(step.error()));
      continue;
    }
    const auto on_data = [&step](UntaggedData& data) { step->take(data); };
    const auto on_status = [&step](const StatusResponse& status) { step->take(status); };
    if (!step->create_tag.empty()) {
      auto created = co_await connection_->complete(step->create_tag, Scope::mailbox, "CREATE " + step->wire);
      if (!created) step->create_error = created.error();
      if (!created && !connection_->transport().is_open()) co_return std::unexpected(created.error());
    }
    if (!step->subscribe_tag.empty()) {
      auto subscribed = co_await connection_->complete(step->subscribe_tag, Scope::mailbox, "SUBSCRIBE");
      if (!subscribed && !connection_->transport().is_open()) co_return std::unexpected(subscribed.error());
    }
    auto selected =
        co_await connection_->complete(step->select_tag, Scope::mailbox, "SELECT " + step->wire, on_data, on_status);
    if (!selected && !connection_->transport().is_open()) co_return std::unexpected(selected.error());
    if (selected) {
      results.emplace_back(step->prepared);
    } else {
      results.emplace_back(std::unexpected(step->create_error.value_or(selected.error())));
    }
  }
  co_return results;
}

}  // namespace mailferry::stores::imap
