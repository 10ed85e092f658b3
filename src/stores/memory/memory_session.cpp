#include "stores/memory/memory_session.hpp"

#include "base/header_fields.hpp"
#include "mail/body_digest.hpp"
#include "stores/memory/memory_appender.hpp"
#include "stores/memory/memory_reader.hpp"

#include <algorithm>
#include <utility>

namespace mailferry::stores::memory {
namespace {

std::unexpected<Error> missing(const MailboxPath& mailbox) {
  return fail(ErrorKind::mailbox_missing, Scope::mailbox, "there is no mailbox " + mailbox.to_string(),
              "the mailbox is gone: run again");
}

bool wants(const store::ScanRequest& request, bool change_tokens, const Message& message) {
  if (request.uids ? !request.uids->contains(message.uid) : message.uid < request.from) return false;
  return request.uids || !change_tokens || message.modseq > request.changed_since;
}

store::MessageMeta to_meta(const Message& message, const store::ScanDetail& detail) {
  store::MessageMeta meta{.uid = message.uid, .flags = {}, .octets = 0, .date = {}, .identity = {}};
  if (detail.flags) meta.flags = message.flags;
  if (detail.octets) meta.octets = message.octets.size();
  if (detail.date) meta.date = message.date;
  meta.is_dated = detail.date;
  if (detail.identity) meta.identity = identify_headers(header_of(message.octets));
  if (detail.message_id) {
    meta.message_id = find_field(header_of(message.octets), "Message-ID").value_or("");
    meta.sent = find_field(header_of(message.octets), "Date").value_or("");
    meta.subject = find_field(header_of(message.octets), "Subject").value_or("");
  }
  return meta;
}

}  // namespace

std::unexpected<Error> validity_changed(const MailboxPath& mailbox) {
  return fail(ErrorKind::protocol, Scope::mailbox, "UIDVALIDITY of " + mailbox.to_string() + " changed",
              "run again: messages are then recognised by their content", Retry::later);
}

Task<store::MailboxList> MemorySession::list(bool with_octets) {
  CO_CHECK(co_await connection_->turn());
  CO_TRY(const auto step, connection_->begin_simple(Operation::list, "LIST"));
  store::MailboxList list;
  for (const auto& [path, mailbox] : server().account.mailboxes) {
    store::MailboxInfo info{.path = path,
                            .selectable = mailbox.selectable,
                            .subscribed = mailbox.subscribed,
                            .use = mailbox.use,
                            .status = {}};
    const bool told = server().behaviour.untold.empty() || server().behaviour.untold != path;
    if (mailbox.selectable && told) info.status = server().status(mailbox);
    if (info.status && with_octets && server().behaviour.tells_octets) {
      info.status->octets = 0;
      for (const auto& message : mailbox.messages)
        *info.status->octets += message.octets.size();
    }
    list.mailboxes.push_back(std::move(info));
  }
  CO_CHECK(connection_->end_simple(step));
  co_return list;
}

Result<> MemorySession::create(const store::CreateRequest& request) {
  auto& account = server().account;
  if (account.look_up(request.mailbox) != nullptr)
    return fail(ErrorKind::permission, Scope::mailbox, "the mailbox " + request.mailbox.to_string() + " exists");
  for (const auto& component : request.mailbox.components()) {
    if (component.find_first_of(server().behaviour.forbidden_in_names) != std::string::npos)
      return fail(ErrorKind::permission, Scope::mailbox, "no such name: " + request.mailbox.to_string());
  }
  account.create(request.mailbox, request.use);
  return {};
}

Result<store::Prepared> MemorySession::select(const store::CreateRequest& request) {
  auto* mailbox = server().account.find(request.mailbox);
  if (mailbox == nullptr) return missing(request.mailbox);
  if (request.subscribe) mailbox->subscribed = true;
  return store::Prepared{.status = server().status(*mailbox), .permanent_flags = server().behaviour.permanent_flags};
}

Task<std::vector<Result<store::Prepared>>> MemorySession::prepare(const std::vector<store::CreateRequest>& requests) {
  std::vector<Result<store::Prepared>> results;
  connection_->unexamine();
  for (const auto& request : requests) {
    CO_CHECK(co_await connection_->turn());
    const auto step = connection_->begin_simple(Operation::prepare, "SELECT " + request.mailbox.to_string());
    if (!connection_->is_open()) co_return connection_->broken();
    if (!step) {
      results.emplace_back(std::unexpected(step.error()));
      continue;
    }
    const auto created = request.create ? create(request) : Result<>{};
    auto selected = select(request);
    if (!selected && !created) selected = std::unexpected(created.error());
    results.push_back(std::move(selected));
    CO_CHECK(connection_->end_simple(*step));
  }
  co_return results;
}

Result<store::ScanResult> MemorySession::scan_one(const store::ScanRequest& request, store::MetaSink* sink) {
  const auto* mailbox = server().account.find(request.mailbox);
  connection_->examine(request.mailbox);
  if (mailbox == nullptr) return missing(request.mailbox);
  if (request.uid_validity != 0 && mailbox->uid_validity != request.uid_validity) {
    connection_->unexamine();
    return validity_changed(request.mailbox);
  }
  store::ScanResult result{.status = server().status(*mailbox), .uids = {}};
  for (const auto& message : mailbox->messages) {
    if (!wants(request, traits_.change_tokens, message)) continue;
    result.uids.add(message.uid);
    if (sink != nullptr) sink->message(to_meta(message, request.detail));
  }
  return result;
}

Task<std::vector<Result<store::ScanResult>>> MemorySession::scan(const std::vector<store::ScanRequest>& requests,
                                                                 const std::vector<store::MetaSink*>& sinks) {
  std::vector<Result<store::ScanResult>> results;
  for (std::size_t index = 0; index < requests.size(); ++index) {
    CO_CHECK(co_await connection_->turn());
    const auto& request = requests[index];
    const auto step = connection_->begin_simple(Operation::scan, "EXAMINE " + request.mailbox.to_string());
    if (!connection_->is_open()) co_return connection_->broken();
    if (!step) {
      results.emplace_back(std::unexpected(step.error()));
      continue;
    }
    results.push_back(scan_one(request, sinks.empty() ? nullptr : sinks[index]));
    CO_CHECK(connection_->end_simple(*step));
  }
  co_return results;
}

Task<std::vector<std::pair<Uid, Digest>>> MemorySession::body_digests(const MailboxPath& mailbox, const UidSet& uids) {
  CO_CHECK(co_await connection_->turn());
  CO_TRY(const auto step, connection_->begin_simple(Operation::read_digests, "UID FETCH"));
  const auto* opened = server().account.find(mailbox);
  connection_->examine(mailbox);
  if (opened == nullptr) co_return missing(mailbox);
  std::vector<std::pair<Uid, Digest>> digests;
  BodyDigest digest;
  for (const auto& message : opened->messages) {
    if (!uids.contains(message.uid)) continue;
    digest.update(message.octets);
    digests.emplace_back(message.uid, digest.finish());
  }
  CO_CHECK(connection_->end_simple(step));
  co_return digests;
}

Task<std::map<Uid, std::string>> MemorySession::subjects(const MailboxPath& mailbox, const UidSet& uids) {
  CO_CHECK(co_await connection_->turn());
  CO_TRY(const auto step, connection_->begin_simple(Operation::read_subjects, "UID FETCH"));
  const auto* opened = server().account.find(mailbox);
  connection_->unexamine();
  if (opened == nullptr) co_return missing(mailbox);
  std::map<Uid, std::string> subjects;
  for (const auto& message : opened->messages) {
    if (uids.contains(message.uid))
      subjects.emplace(message.uid, find_field(header_of(message.octets), "Subject").value_or(""));
  }
  CO_CHECK(connection_->end_simple(step));
  co_return subjects;
}

Result<> MemorySession::store_flags(const MailboxPath& mailbox, const UidSet& uids, const Flags& add,
                                    const Flags& remove) {
  if (add.empty() && remove.empty()) return {};
  TRY(const auto step, connection_->begin_simple(Operation::change_flags, "UID STORE"));
  auto* opened = server().account.find(mailbox);
  if (opened == nullptr) return missing(mailbox);
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next())
    opened->change_flags(uid, server().behaviour.permanent_flags.storable(add), remove);
  return connection_->end_simple(step);
}

Task<> MemorySession::change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                                   const std::vector<store::FlagUpdate>& updates) {
  CO_CHECK(co_await connection_->turn());
  connection_->unexamine();
  const auto* opened = server().account.find(mailbox);
  if (opened == nullptr) co_return missing(mailbox);
  if (uid_validity != 0 && opened->uid_validity != uid_validity) co_return validity_changed(mailbox);
  Result<> first;
  for (const auto& update : updates) {
    for (const auto& [add, remove] : {std::pair{update.add, Flags{}}, std::pair{Flags{}, update.remove}}) {
      auto stored = store_flags(mailbox, update.uids, add, remove);
      if (!connection_->is_open()) co_return stored;
      if (!stored && first) first = std::move(stored);
    }
    CO_CHECK(co_await connection_->turn());
  }
  co_return first;
}

std::unique_ptr<store::Reader> MemorySession::reader() {
  return std::make_unique<MemoryReader>(connection_);
}

std::unique_ptr<store::Appender> MemorySession::appender(std::size_t window_octets) {
  connection_->unexamine();
  return std::make_unique<MemoryAppender>(connection_, window_octets);
}

Task<> MemorySession::logout() {
  CO_CHECK(co_await connection_->turn());
  CO_TRY(const auto step, connection_->begin_simple(Operation::logout, "LOGOUT"));
  CO_CHECK(connection_->end_simple(step));
  connection_->close();
  co_return Result<>{};
}

Task<UidSet> MemorySession::find_in_header(const MailboxPath& mailbox, std::string field,
                                           const std::vector<std::string>& texts) {
  CO_CHECK(co_await connection_->turn());
  CO_TRY(const auto step, connection_->begin_simple(Operation::scan, "UID SEARCH"));
  const auto* found = server().account.look_up(mailbox);
  if (found == nullptr) co_return missing(mailbox);
  UidSet uids;
  for (const auto& message : found->messages) {
    const auto own = find_field(header_of(message.octets), field).value_or("");
    const auto is_in_own = [&own](const std::string& text) { return own.contains(text); };
    if (std::ranges::any_of(texts, is_in_own)) uids.add(message.uid);
  }
  CO_CHECK(connection_->end_simple(step));
  co_return uids;
}

}  // namespace mailferry::stores::memory
