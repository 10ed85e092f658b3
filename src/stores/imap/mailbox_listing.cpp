#include "stores/imap/mailbox_listing.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace mailferry::stores::imap {

using mailferry::imap::ListData;
using mailferry::imap::NamespaceData;
using mailferry::imap::OtherData;
using mailferry::imap::StatusData;
using mailferry::imap::UntaggedData;

namespace {

bool has_attribute(const ListData& list, std::string_view wanted) {
  return std::ranges::any_of(list.attributes,
                             [wanted](const std::string& attribute) { return equal_ascii_nocase(attribute, wanted); });
}

bool is_selectable(const ListData& list) {
  return !has_attribute(list, "\\Noselect") && !has_attribute(list, "\\NonExistent");
}

std::size_t octets_of(const ListData& list) {
  auto octets = list.mailbox.size();
  for (const auto& attribute : list.attributes)
    octets += attribute.size();
  return octets;
}

}  // namespace

store::MailboxStatus to_status(const StatusData& data) {
  return {.uid_validity = data.uid_validity.value_or(0),
          .uid_next = data.uid_next.value_or(0),
          .messages = data.messages.value_or(0),
          .highest_modseq = data.highest_modseq.value_or(0),
          .octets = data.size};
}

void MailboxListing::take(UntaggedData& data) {
  if (is_too_long()) return;
  if (const auto* namespaces = std::get_if<NamespaceData>(&data)) names_.set_namespaces(*namespaces);
  if (const auto* status = std::get_if<StatusData>(&data)) take_status(*status);
  if (auto* list = std::get_if<ListData>(&data)) take_list(*list);
  if (const auto* other = std::get_if<OtherData>(&data); other != nullptr && other->name == "LIST") {
    ++answers_;
    ++unreadable_;
  }
}

/// An answer without the number of messages says nothing of the mailbox, least of all that it is empty (quirk c10).
void MailboxListing::take_status(const StatusData& status) {
  ++answers_;
  octets_ += status.mailbox.size();
  if (status.messages) statuses_.insert_or_assign(canonical_name(status.mailbox), to_status(status));
}

void MailboxListing::take_list(ListData& list) {
  ++answers_;
  octets_ += octets_of(list);
  if (list.mailbox.empty()) return;  // quirk m2
  list.mailbox = canonical_name(list.mailbox);
  if (list.lsub) {
    take_subscription(list);
  } else if (listed_.insert(list.mailbox).second) {
    mailboxes_.push_back({.attributes = std::move(list.attributes),
                          .separator = list.separator,
                          .mailbox = std::move(list.mailbox),
                          .old_name = {},
                          .child_info = {}});
  }
}

/// RFC 3501 §6.3.9: \Noselect here means that only something below it is subscribed.
void MailboxListing::take_subscription(const ListData& list) {
  if (!has_attribute(list, "\\Noselect")) subscribed_.insert(list.mailbox);
}

std::vector<store::MailboxInfo> MailboxListing::mailboxes() {
  std::ranges::stable_sort(mailboxes_, {}, [this](const ListData& data) { return turn_of(data); });
  std::vector<store::MailboxInfo> all;
  for (const auto& data : mailboxes_) {
    if (data.separator != '\0' && all.empty() && !is_foreign(data)) names_.set_separator(data.separator);
    // Where INBOX.INBOX is only a level, Dovecot takes the name for INBOX itself.
    if (!is_selectable(data) && names_.is_second_inbox(data.mailbox)) continue;
    all.push_back(info(data));
  }
  return all;
}

store::MailboxInfo MailboxListing::unlisted_inbox() const {
  return {.path = MailboxPath::split("INBOX", '\0'),
          .subscribed = subscribed_.contains("INBOX"),
          .use = SpecialUse::inbox,
          .status = {}};
}

bool MailboxListing::is_foreign(const ListData& data) const {
  return names_.is_foreign(data.mailbox, separator_of(data));
}

/// Those whose own name may be taken by another come last.
int MailboxListing::turn_of(const ListData& data) const {
  if (is_foreign(data)) return 2;
  return names_.is_second_inbox(data.mailbox) ? 1 : 0;
}

store::MailboxInfo MailboxListing::info(const ListData& data) const {
  store::MailboxInfo info{.path = names_.learn(data.mailbox, separator_of(data)), .foreign = is_foreign(data)};
  info.subscribed = subscribed_.contains(data.mailbox) || has_attribute(data, "\\Subscribed");
  // Levels such as "[Gmail]" hold mailboxes and no messages (quirk g7).
  info.selectable = is_selectable(data);
  for (const auto& attribute : data.attributes) {
    if (const auto use = parse_special_use(attribute); use != SpecialUse::none) info.use = use;
  }
  if (info.path.is_inbox()) info.use = SpecialUse::inbox;
  if (info.foreign) info.use = SpecialUse::none;  // what another calls his Sent is not this user's
  if (const auto status = statuses_.find(data.mailbox); status != statuses_.end() && info.selectable)
    info.status = status->second;
  return info;
}

char MailboxListing::separator_of(const ListData& data) const {
  return data.separator == '\0' ? names_.separator() : data.separator;
}

}  // namespace mailferry::stores::imap
