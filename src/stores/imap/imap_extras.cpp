// What not every store offers: finding, removing and labelling messages.
#include "imap/response_errors.hpp"
#include "imap/syntax/mailbox_name.hpp"
#include "stores/imap/imap_session.hpp"
#include "stores/imap/uid_parts.hpp"

namespace mailferry::stores::imap {

using mailferry::imap::Capability;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

namespace {

/// It is not about what was asked.
bool passes(const Error& error) {
  return error.kind == ErrorKind::throttled || mailferry::imap::needs_pause(error);
}

/// For one command, whose line stays below 1,000 octets (quirk y4). A server without an index looks through the whole
/// mailbox for each command, however many it asks for.
std::vector<std::vector<std::string>> in_groups(const std::vector<std::string>& texts) {
  constexpr std::size_t kOctets = 900;
  constexpr std::size_t kOctetsBesides = std::string_view("OR HEADER Message-ID \"\" ").size();
  std::vector<std::vector<std::string>> groups;
  std::size_t octets = kOctets;
  for (const auto& text : texts) {
    octets += text.size() + kOctetsBesides;
    if (octets > kOctets) {
      groups.emplace_back();
      octets = text.size() + kOctetsBesides;
    }
    groups.back().push_back(text);
  }
  return groups;
}

}  // namespace

/// Asks for several at a time, and where a server refuses that, one by one. A question that is refused alone says
/// nothing of the others; where all are, the server is asked for something that it cannot dislike.
Task<UidSet> ImapSession::find_in_header(const MailboxPath& mailbox, std::string field,
                                         const std::vector<std::string>& texts) {
  if (texts.empty()) co_return UidSet();
  Answers answers;
  auto groups = in_groups(texts);
  if (!searches_singly_) {
    CO_CHECK(co_await find_groups(mailbox, field, groups, answers));
    if (!answers.refused) co_return std::move(answers.found);
  }
  if (searches_singly_ || groups.size() < texts.size()) {
    groups.clear();
    for (const auto& text : texts)
      groups.push_back({text});
    answers = {};
    CO_CHECK(co_await find_groups(mailbox, field, groups, answers));
    searches_singly_ = searches_singly_ || !answers.refused;
  }
  if (answers.refused && answers.answered == 0) {
    groups.assign(1, {"<is-anything-found@mailferry.invalid>"});
    Answers harmless;
    CO_CHECK(co_await find_groups(mailbox, "Message-ID", groups, harmless));
    if (harmless.refused) co_return std::unexpected(*answers.refused);
  }
  co_return std::move(answers.found);
}

/// An error is one of the mailbox, of the connection, or a refusal that passes: no question is to blame for it.
Task<> ImapSession::find_groups(const MailboxPath& mailbox, const std::string& field,
                                const std::vector<std::vector<std::string>>& groups, Answers& answers) {
  CO_TRY(const auto wire, names_->to_wire(mailbox));
  const auto examine_tag = connection_->submit(commands::examine(wire));
  examined_ = wire;
  // Together: which answer belongs to which question does not matter.
  std::vector<std::string> tags;
  for (const auto& group : groups)
    tags.push_back(connection_->submit(commands::uid_search_header(field, group, has(Capability::esearch))));
  auto examined = co_await connection_->complete(examine_tag, Scope::mailbox, "EXAMINE " + mailbox.to_string());
  if (!examined && !connection_->transport().is_open()) co_return std::unexpected(examined.error());
  if (!examined) examined_.clear();
  const client::UntaggedHandler on_data = [&answers](UntaggedData& data) {
    if (const auto* search = std::get_if<mailferry::imap::ESearchData>(&data); search != nullptr && search->all)
      answers.found.add(*search->all);
    if (const auto* search = std::get_if<mailferry::imap::SearchData>(&data)) {
      for (const auto number : search->numbers)
        answers.found.add(static_cast<Uid>(number));
    }
  };
  for (const auto& tag : tags) {
    auto done = co_await connection_->complete(tag, Scope::mailbox, "UID SEARCH", on_data);
    if (!done && !connection_->transport().is_open()) co_return std::unexpected(done.error());
    if (done) ++answers.answered;
    if (!done && (!answers.refused || passes(done.error()))) answers.refused = done.error();
  }
  if (!examined) co_return std::unexpected(examined.error());
  if (answers.refused && passes(*answers.refused)) co_return std::unexpected(*answers.refused);
  co_return Result<>{};
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
