#include "stores/memory/memory_account.hpp"

#include <algorithm>

namespace mailferry::stores::memory {

std::string_view header_of(std::string_view message) noexcept {
  const auto end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? message : message.substr(0, end + 4);
}

const Message* Mailbox::find(Uid uid) const noexcept {
  const auto found = std::ranges::lower_bound(messages, uid, {}, &Message::uid);
  return found == messages.end() || found->uid != uid ? nullptr : &*found;
}

Uid Mailbox::append(std::string octets, Flags flags, InternalDate date) {
  messages.push_back({uid_next, std::move(octets), std::move(flags), date, ++highest_modseq});
  return uid_next++;
}

void Mailbox::change_flags(Uid uid, const Flags& add, const Flags& remove) {
  const auto found = std::ranges::find(messages, uid, &Message::uid);
  if (found == messages.end()) return;
  auto changed = found->flags.minus(remove).united(add);
  if (changed == found->flags) return;
  found->flags = std::move(changed);
  found->modseq = ++highest_modseq;
}

void Mailbox::expunge(Uid uid) {
  if (std::erase_if(messages, [uid](const Message& message) { return message.uid == uid; }) != 0) ++highest_modseq;
}

Mailbox* Account::look_up(const MailboxPath& path) {
  const auto is_meant = [&](const auto& entry) { return entry.first.caseless() == path.caseless(); };
  const auto found = caseless ? std::ranges::find_if(mailboxes, is_meant) : mailboxes.find(path);
  return found == mailboxes.end() ? nullptr : &found->second;
}

Mailbox* Account::find(const MailboxPath& path) {
  auto* mailbox = look_up(path);
  return mailbox == nullptr || !mailbox->selectable ? nullptr : mailbox;
}

Mailbox& Account::create(const MailboxPath& path, SpecialUse use) {
  auto& mailbox = mailboxes[path];
  mailbox.uid_validity = next_validity++;
  mailbox.use = path.is_inbox() ? SpecialUse::inbox : use;
  return mailbox;
}

void Account::renumber(const MailboxPath& path) {
  auto& mailbox = mailboxes.at(path);
  mailbox.uid_validity = next_validity++;
  mailbox.uid_next = 1;
  for (auto& message : mailbox.messages)
    message.uid = mailbox.uid_next++;
}

store::Traits Server::traits() const {
  return {.name = name,
          .identity = name + ":993",
          .separator = '/',
          .uid_plus = behaviour.uid_plus,
          .multi_append = behaviour.multi_append,
          .change_tokens = behaviour.change_tokens,
          .near_and_encrypted = behaviour.near_and_encrypted,
          .append_limit = behaviour.append_limit};
}

store::MailboxStatus Server::status(const Mailbox& mailbox) const {
  return {.uid_validity = mailbox.uid_validity,
          .uid_next = mailbox.uid_next,
          .messages = static_cast<std::uint32_t>(mailbox.messages.size()),
          .highest_modseq = behaviour.change_tokens ? mailbox.highest_modseq : 0,
          .octets = {}};
}

}  // namespace mailferry::stores::memory
