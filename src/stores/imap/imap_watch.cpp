// Waiting for what happens in a mailbox: IDLE (RFC 2177).
#include "async/task_scope.hpp"
#include "stores/imap/imap_session.hpp"

#include <algorithm>

namespace mailferry::stores::imap {

using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

namespace {

/// A server that ends IDLE by itself before this does not mean it.
constexpr std::chrono::seconds kShortestIdle{1};

Error not_ended() {
  return {.kind = ErrorKind::timeout,
          .scope = Scope::account,
          .retry = Retry::now,
          .retry_after = {},
          .message = "the server does not end IDLE after DONE",
          .remedy = "run again when the server answers; what is done stays done",
          .trail = {}};
}

}  // namespace

store::Watcher* ImapSession::watcher() noexcept {
  return has(Capability::idle) ? static_cast<store::Watcher*>(this) : nullptr;
}

void ImapSession::interrupt() noexcept {
  interrupted_ = true;
  idle_end_.notify_all();
}

/// Anything but RECENT, FLAGS and the like: a message came, went or changed.
bool ImapSession::tells_of_open_mailbox(const UntaggedData& data) {
  return std::holds_alternative<mailferry::imap::ExistsData>(data) ||
         std::holds_alternative<mailferry::imap::ExpungeData>(data) ||
         std::holds_alternative<mailferry::imap::VanishedData>(data) ||
         std::holds_alternative<mailferry::imap::FetchData>(data);
}

/// Also when it is open already: what came since the last look may have been told while something else was asked.
Task<bool> ImapSession::open_watched(const store::Watched& watched) {
  CO_TRY(const auto wire, names_->to_wire(watched.mailbox));
  store::MailboxStatus opened;
  const client::StatusHandler on_status = [&opened](const StatusResponse& status) {
    if (status.code.code == Code::uid_validity) opened.uid_validity = static_cast<UidValidity>(status.code.number);
    if (status.code.code == Code::uid_next) opened.uid_next = static_cast<Uid>(status.code.number);
  };
  examined_.clear();
  const auto examine = commands::examine(wire);
  CO_TRY(auto examined, co_await connection_->run(examine, Scope::mailbox, {}, on_status));
  examined_ = wire;
  // Without a UIDNEXT nobody knows: the caller has just looked, and IDLE tells of what comes from here on. A mailbox
  // that never had a message is seen without one.
  co_return opened.uid_validity != watched.uid_validity || opened.uid_next > std::max<Uid>(watched.uid_next, 1);
}

Task<bool> ImapSession::watch(const store::Watched& watched, std::chrono::steady_clock::time_point until) {
  CO_TRY(const bool changed, co_await open_watched(watched));
  if (changed || std::exchange(interrupted_, false)) co_return changed;
  const NewsTest notice = [](const mailferry::imap::Event& event) -> Result<bool> {
    const auto* data = std::get_if<UntaggedData>(&event);
    return data != nullptr && tells_of_open_mailbox(*data);
  };
  co_return co_await idle(until, notice);
}

/// One IDLE. Any continuation text is accepted; what a server sends before it or after DONE counts as well.
Task<bool> ImapSession::idle(std::chrono::steady_clock::time_point until, const NewsTest& notice) {
  connection_->make_small();
  const auto tag = connection_->submit(commands::idle());
  async::TaskScope scope(context_);
  scope.spawn("end of IDLE", run_idle_end(until));
  const auto begin = std::chrono::steady_clock::now();
  bool news = false;
  Result<> ended;
  while (true) {
    auto event = co_await connection_->next_within(until - std::chrono::steady_clock::now());
    if (!event) {
      ended = std::unexpected(event.error());
      break;
    }
    const auto* status = std::get_if<StatusResponse>(&*event);
    if (status != nullptr && status->tag == tag) {
      if (status->status != mailferry::imap::Status::ok)
        ended = fail(ErrorKind::protocol, Scope::mailbox, "the server refuses IDLE: " + status->text,
                     "set idle = false for this account", Retry::later);
      // It was not asked to end: IDLE again and again would be worse than asking now and then.
      else if (ended && !news && !interrupted_ &&
               std::chrono::steady_clock::now() < std::min(until, begin + kShortestIdle))
        ended = fail(ErrorKind::protocol, Scope::mailbox, "the server ends IDLE at once",
                     "set idle = false for this account", Retry::later);
      break;
    }
    if (std::holds_alternative<mailferry::imap::Continuation>(*event)) idling_ = true;
    auto noticed = notice(*event);
    if (!noticed) ended = std::unexpected(noticed.error());
    news = news || (noticed && *noticed);
    end_idle_ = news || !ended;
    if (end_idle_ || idling_) idle_end_.notify_all();
  }
  idling_ = end_idle_ = interrupted_ = false;
  idle_done_ = true;
  idle_end_.notify_all();
  co_await scope.join();
  idle_done_ = false;
  if (std::exchange(idle_is_late_, false)) co_return std::unexpected(connection_->located(not_ended()));
  if (!ended) co_return std::unexpected(ended.error());
  co_return news;
}

/// Says DONE when it is time, or when it was asked for; not before the server has begun to listen for it.
Task<> ImapSession::run_idle_end(std::chrono::steady_clock::time_point until) {
  while (!idle_done_) {
    // A server that never accepts IDLE: the reader's own deadline ends this.
    if (!idling_) {
      co_await idle_end_.wait();
      continue;
    }
    if (end_idle_ || interrupted_ || std::chrono::steady_clock::now() >= until) {
      idling_ = false;
      connection_->engine().submit_line("DONE");
      CO_CHECK(co_await connection_->flush());
      co_await expect_idle_end();
      break;
    }
    co_await idle_end_.wait_until(until);
  }
  co_return Result<>{};
}

/// DONE is said. The reader is as patient as IDLE is long, and a server that is gone must not keep it so long.
asio::awaitable<void> ImapSession::expect_idle_end() {
  const auto deadline = std::chrono::steady_clock::now() + connection_->timeouts().response;
  while (!idle_done_ && std::chrono::steady_clock::now() < deadline)
    co_await idle_end_.wait_until(deadline);
  if (idle_done_) co_return;
  idle_is_late_ = true;
  connection_->close();
}

}  // namespace mailferry::stores::imap
