#include "stores/imap/notified_mailboxes.hpp"

#include "imap/syntax/mailbox_name.hpp"

#include <algorithm>

namespace mailferry::stores::imap {
namespace {

/// Octets of names in one command: servers may refuse lines of more than 8,192 (RFC 7162 §4).
constexpr std::size_t kMostOctets = 7000;

/// Takes over what the STATUS says; true: it differs from what was said before, and from what the owner saw.
bool is_news(const mailferry::imap::StatusData& status, const store::Watched& watched, NotifyMemory::Told& told) {
  bool news = false;
  if (status.uid_validity && *status.uid_validity != 0 && *status.uid_validity != told.uid_validity) {
    told = {.uid_validity = *status.uid_validity};
    news = told.uid_validity != watched.uid_validity;
  }
  if (status.uid_next && *status.uid_next != told.uid_next) {
    told.uid_next = *status.uid_next;
    // A mailbox that never had a message is seen without a UIDNEXT.
    news = news || told.uid_next > std::max<Uid>(watched.uid_next, 1);
  }
  if (status.highest_modseq && *status.highest_modseq > told.highest_modseq) {
    news = news || (watched.flags && told.highest_modseq != 0);
    told.highest_modseq = *status.highest_modseq;
  }
  return news;
}

}  // namespace

NotifiedMailboxes::NotifiedMailboxes(const std::vector<store::Watched>& watched, const MailboxNames& names,
                                     NotifyMemory& memory)
    : watched_(watched), memory_(memory) {
  std::size_t octets = 0;
  for (std::size_t index = 1; index < watched.size(); ++index) {
    auto wire = names.to_wire(watched[index].mailbox);
    if (!wire) continue;
    const auto utf8 = mailferry::imap::decode_mutf7(*wire);
    octets += wire->size() + sizeof "\"\" ";
    if (octets > kMostOctets) {
      left_out_.push_back(*wire);
      continue;
    }
    mailboxes_.push_back({.index = index, .wire = *wire, .utf8 = utf8 ? *utf8 : *wire});
  }
}

std::vector<std::string> NotifiedMailboxes::names(NotifyMemory::Names spelling) const {
  std::vector<std::string> names;
  for (const auto& mailbox : mailboxes_)
    names.push_back(spelling == NotifyMemory::Names::utf8 ? mailbox.utf8 : mailbox.wire);
  return names;
}

bool NotifiedMailboxes::may_want_utf8() const {
  return std::ranges::any_of(mailboxes_,
                             [](const Mailbox& mailbox) { return !mailbox.told && mailbox.utf8 != mailbox.wire; });
}

void NotifiedMailboxes::begin_answer() {
  for (auto& mailbox : mailboxes_)
    mailbox.told = false;
}

std::size_t NotifiedMailboxes::told() const {
  return static_cast<std::size_t>(std::ranges::count_if(mailboxes_, &Mailbox::told));
}

std::vector<std::string> NotifiedMailboxes::silent() const {
  auto names = left_out_;
  for (const auto& mailbox : mailboxes_) {
    if (!mailbox.told) names.push_back(mailbox.wire);
  }
  return names;
}

std::string_view NotifiedMailboxes::events() const noexcept {
  // RFC 5465 §5: of these three, the first two only together, and the third only with them.
  const bool flags = std::ranges::any_of(watched_, &store::Watched::flags);
  return flags ? "MessageNew MessageExpunge FlagChange" : "MessageNew MessageExpunge";
}

NotifiedMailboxes::Mailbox* NotifiedMailboxes::find(const std::string& name) {
  const auto canonical = canonical_name(name);
  const auto wire = std::ranges::find_if(mailboxes_, [&](const Mailbox& mailbox) { return mailbox.wire == canonical; });
  if (wire != mailboxes_.end()) return &*wire;
  const auto utf8 = std::ranges::find_if(mailboxes_, [&](const Mailbox& mailbox) { return mailbox.utf8 == canonical; });
  return utf8 == mailboxes_.end() ? nullptr : &*utf8;
}

bool NotifiedMailboxes::take(const mailferry::imap::StatusData& status) {
  auto* mailbox = find(status.mailbox);
  if (mailbox == nullptr) return false;
  mailbox->told = true;
  if (!is_news(status, watched_[mailbox->index], memory_.told[mailbox->wire])) return false;
  news_.insert(mailbox->index);
  return true;
}

}  // namespace mailferry::stores::imap
