// Waiting for what happens in many mailboxes over one connection: NOTIFY (RFC 5465) for all but the open one, and IDLE,
// inside which servers tell of both without delay. Between two waits nothing is told (NOTIFY NONE): each begins with
// the STATUS of all, so that nothing is missed.
#include "base/log.hpp"
#include "imap/syntax/mailbox_name.hpp"
#include "stores/imap/imap_session.hpp"

namespace mailferry::stores::imap {

using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::Event;
using mailferry::imap::StatusData;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

namespace {

std::unexpected<Error> notify_refused(const std::string& words) {
  return fail(ErrorKind::protocol, Scope::mailbox, "the server does not tell of several mailboxes (NOTIFY): " + words,
              "nothing need be done: some mailboxes are watched with IDLE, the others are looked at now and then",
              Retry::later);
}

/// From here on the server is silent (RFC 5465).
bool is_overflow(const Event& event) {
  const auto* status = std::get_if<StatusResponse>(&event);
  return status != nullptr && status->code.code == Code::notification_overflow;
}

}  // namespace

store::ManyWatcher* ImapSession::many_watcher() noexcept {
  return has(Capability::notify) && has(Capability::idle) ? static_cast<store::ManyWatcher*>(this) : nullptr;
}

Task<std::vector<std::size_t>> ImapSession::watch_many(const std::vector<store::Watched>& watched,
                                                       std::chrono::steady_clock::time_point until) {
  NotifiedMailboxes mailboxes(watched, *names_, notify_);
  auto opened = co_await open_watched(watched.front());
  if (!opened && opened.error().scope != Scope::mailbox) co_return std::unexpected(opened.error());
  // Where it can be looked at and yet not be watched, this would have no end.
  if (std::exchange(notify_.was_refused, !opened) && !opened) co_return std::unexpected(opened.error());
  if (!opened || *opened) mailboxes.take_open();
  if (!opened) co_return mailboxes.news();  // deleted, perhaps: its owner will see
  CO_CHECK(co_await set_notify(mailboxes));
  const NewsTest notice = [&mailboxes](const Event& event) { return take_event(mailboxes, event); };
  if (mailboxes.news().empty() && !std::exchange(interrupted_, false)) {
    auto idled = co_await idle(until, notice);
    if (!idled) co_return std::unexpected(idled.error());
  }
  const client::UntaggedHandler on_data = [&mailboxes](UntaggedData& data) { take_data(mailboxes, data); };
  const auto silence = commands::notify_none();
  auto silenced = co_await connection_->run(silence, Scope::mailbox, on_data);
  if (!silenced && !connection_->transport().is_open()) co_return std::unexpected(silenced.error());
  co_return mailboxes.news();
}

Result<bool> ImapSession::take_event(NotifiedMailboxes& mailboxes, const Event& event) {
  if (is_overflow(event)) return notify_refused(std::get<StatusResponse>(event).text);
  const auto* data = std::get_if<UntaggedData>(&event);
  return data != nullptr && take_data(mailboxes, *data);
}

bool ImapSession::take_data(NotifiedMailboxes& mailboxes, const UntaggedData& data) {
  if (const auto* status = std::get_if<StatusData>(&data)) return mailboxes.take(*status);
  if (!tells_of_open_mailbox(data)) return false;
  mailboxes.take_open();
  return true;
}

/// Some want the names in UTF-8, though the protocol has them in modified UTF-7: by what is not answered it is seen
/// (quirk o31).
Task<> ImapSession::set_notify(NotifiedMailboxes& mailboxes) {
  using Names = NotifyMemory::Names;
  CO_CHECK(co_await run_notify(mailboxes, notify_.names));
  if (notify_.names == Names::untried && mailboxes.may_want_utf8()) {
    const auto told = mailboxes.told();
    auto again = co_await run_notify(mailboxes, Names::utf8);
    if (!again && again.error().scope != Scope::mailbox) co_return again;
    notify_.names = again && mailboxes.told() > told ? Names::utf8 : Names::wire;
    if (notify_.names == Names::wire) CO_CHECK(co_await run_notify(mailboxes, Names::wire));
  }
  note_silent(mailboxes);
  co_return Result<>{};
}

Task<> ImapSession::run_notify(NotifiedMailboxes& mailboxes, NotifyMemory::Names spelling) {
  const auto names = mailboxes.names(spelling);
  if (names.empty()) co_return Result<>{};
  mailboxes.begin_answer();
  bool is_lost = false;
  const client::UntaggedHandler on_data = [&mailboxes](UntaggedData& data) { take_data(mailboxes, data); };
  const client::StatusHandler on_status = [&is_lost](const StatusResponse& status) {
    is_lost = is_lost || status.code.code == Code::notification_overflow;
  };
  const auto notify = commands::notify_mailboxes(names, mailboxes.events());
  auto set = co_await connection_->run(notify, Scope::mailbox, on_data, on_status);
  if (!set && !connection_->transport().is_open()) co_return std::unexpected(set.error());
  if (!set) co_return notify_refused(set.error().message);
  if (is_lost) co_return notify_refused("it would be too much");
  co_return Result<>{};
}

void ImapSession::note_silent(const NotifiedMailboxes& mailboxes) {
  for (const auto& wire : mailboxes.silent()) {
    if (notify_.silent.insert(wire).second)
      log::info("the server does not tell of a mailbox; it is looked at now and then",
                {{"account", traits_.name}, {"mailbox", mailferry::imap::display_name(wire)}});
  }
}

}  // namespace mailferry::stores::imap
