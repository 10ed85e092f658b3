// How a carrier learns of new mail: one mailbox over the connection that carries and some over connections of their
// own, or, where they are too many for that, all over the one that carries; at last by looking now and then.
#include "sync/carry/carrier.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// A server that does not tell of several mailboxes at once is not asked to again for so long.
constexpr std::chrono::hours kOneByOne{24};
/// Connections that are lost as soon as they are to tell of news: after so many in a row it is the server's will, and
/// for a while the mailboxes are polled. Not for longer: it may have been the network.
constexpr std::chrono::seconds kAsSoon{3};
constexpr int kMostLost = 3;
constexpr std::chrono::hours kPolledFor{1};

}  // namespace

/// One mailbox a connection is the surer way: a server sees there also what other programs put into the mailbox, while
/// of many at once some tell only what went through themselves (quirk o32). So that is for more mailboxes than there
/// may be connections.
void Carrier::begin_watches(async::TaskScope& scope) {
  unwatched_.clear();
  anew_ = false;
  const auto now = std::chrono::steady_clock::now();
  if (now >= polled_until_) polled_until_ = {};
  const bool can_watch = settings_.idle && session_->watcher() != nullptr && polled_until_ == SteadyTime{};
  const bool is_refused = now < one_by_one_until_;
  watches_many_ =
      can_watch && !is_refused && mailboxes_.size() > settings_.watchers + 1 && session_->many_watcher() != nullptr;
  state_.watching = watches_many_ ? "NOTIFY" : can_watch ? "IDLE" : "polling";
  if (watches_many_) return;
  for (std::size_t index = 0; index < mailboxes_.size(); ++index) {
    if (!can_watch || index > settings_.watchers) unwatched_.insert(index);
    // The first one is watched over the connection that carries.
    if (can_watch && index > 0 && index <= settings_.watchers)
      scope.spawn(fmt::format("watch of {} {}", name(), mailboxes_[index].path().to_string()), run_watch(index));
  }
}

/// What was refused once may be allowed now.
void Carrier::watch_again() {
  if (!settings_.idle || session_->watcher() == nullptr) return;
  if (polled_until_ == SteadyTime{})
    unwatched_.erase(0);
  else if (std::chrono::steady_clock::now() >= polled_until_)
    anew_ = true;
}

/// A server that has enough of those who wait may end their connections. To sign in again at once would go on for ever.
Error Carrier::lost_while_watching(SteadyTime begun, Error error) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_chance = now >= begun + kAsSoon || messages_read() > read_before_;
  lost_watches_ = is_chance ? 0 : lost_watches_ + 1;
  if (lost_watches_ < kMostLost) return error;
  if (watches_many_) {
    lost_watches_ = 0;
    one_by_one_until_ = now + kOneByOne;
    error.remedy = "nothing need be done: some mailboxes are watched with IDLE, the others are looked at now and then";
  } else {
    lost_watches_ = kMostLost - 1;  // behind that hour one is enough
    polled_until_ = now + kPolledFor;
    error.remedy = "set idle = false for this source; for an hour it is only looked at every poll_interval";
  }
  error.message = fmt::format("{} connections in a row were lost as soon as they were to tell of news ({}): {}",
                              kMostLost, state_.watching, error.message);
  return error;
}

SteadyTime Carrier::next_look() const {
  auto due = SteadyTime::max();
  for (const auto& mailbox : mailboxes_)
    due = std::min(due, mailbox.next_due());
  for (const auto& [index, refusal] : refused_)
    due = std::min(due, refusal.first);
  // Also where all is watched: a server may forget to tell.
  return polled_ ? std::min(due, *polled_ + settings_.poll_every) : SteadyTime{};
}

Task<> Carrier::wait_for_news() {
  if (!news_.empty() || !rest_.empty() || anew_) co_return Result<>{};
  const auto due = next_look();
  const auto now = std::chrono::steady_clock::now();
  if (due <= now) co_return Result<>{};
  if (watches_many_) co_return co_await wait_for_many(std::min(due, now + settings_.idle_refresh));
  if (unwatched_.contains(0) || refused_.contains(0)) {
    co_await woken_.wait_until(std::min(due, now + settings_.idle_refresh));
    co_return Result<>{};
  }
  const auto until = std::min(due, now + settings_.idle_refresh);
  const auto watched = mailboxes_.front().watched();
  auto news = co_await session_->watcher()->watch(watched, until);
  if (!news && news.error().scope == Scope::mailbox) {  // to be polled, then
    context_.observer.trouble(name(), news.error());
    unwatched_.insert(0);
    co_return Result<>{};
  }
  if (!news) co_return std::unexpected(lost_while_watching(now, news.error()));
  lost_watches_ = 0;
  if (*news) news_.insert(0);
  co_return Result<>{};
}

/// Waits for news of all mailboxes over the connection that carries.
Task<> Carrier::wait_for_many(SteadyTime until) {
  std::vector<std::size_t> indices;
  std::vector<store::Watched> watched;
  for (std::size_t index = 0; index < mailboxes_.size(); ++index) {
    if (refused_.contains(index) || rest_.contains(index) || mailboxes_[index].uid_validity() == 0) continue;
    indices.push_back(index);
    watched.push_back(mailboxes_[index].watched());
    watched.back().flags = settings_.follow_flags && session_->traits().change_tokens;
  }
  if (watched.empty()) {
    co_await woken_.wait_until(until);
    co_return Result<>{};
  }
  const auto begun = std::chrono::steady_clock::now();
  auto news = co_await session_->many_watcher()->watch_many(watched, until);
  if (!news && news.error().scope == Scope::mailbox) {
    context_.observer.trouble(name(), news.error());
    one_by_one_until_ = std::chrono::steady_clock::now() + kOneByOne;
    anew_ = true;  // nobody knows what this connection would still tell
    co_return Result<>{};
  }
  if (!news) co_return std::unexpected(lost_while_watching(begun, news.error()));
  lost_watches_ = 0;
  for (const auto index : *news)
    news_.insert(indices[index]);
  co_return Result<>{};
}

/// Waits for news of one further mailbox over a connection of its own.
Task<> Carrier::run_watch(std::size_t index) {
  auto& session = watching_[index];
  int broken = 0;
  int lost_at_once = 0;
  while (living_ && !ending()) {
    auto opened = co_await source_.open_session();
    if (!opened) {
      unwatched_.insert(index);  // too many connections, perhaps: it is polled
      co_await rest_watch(opened.error().kind == ErrorKind::auth
                              ? std::max<std::chrono::milliseconds>(settings_.poll_every, kAfterRefusedLogin)
                              : settings_.poll_every);
      continue;
    }
    unwatched_.erase(index);
    std::optional<Error> error;
    session = std::move(*opened);
    ++state_.connections;
    while (living_ && !ending() && session->watcher() != nullptr) {
      if (mailboxes_[index].uid_validity() == 0) {  // not looked at yet
        co_await woken_.wait_until(std::chrono::steady_clock::now() + std::chrono::seconds(1));
        continue;
      }
      const auto watched = mailboxes_[index].watched();
      const auto begun = std::chrono::steady_clock::now();
      auto news = co_await session->watcher()->watch(watched, begun + settings_.idle_refresh);
      if (!news) {
        error = news.error();
        lost_at_once = std::chrono::steady_clock::now() < begun + kAsSoon ? lost_at_once + 1 : 0;
        break;
      }
      broken = lost_at_once = 0;
      if (!*news) continue;
      news_.insert(index);
      wake();
      co_await wait_for_look(index);
    }
    session->close();
    session.reset();
    --state_.connections;
    if (!living_ || ending()) break;
    // Refused: to be polled, then.
    if (error && (error->scope == Scope::mailbox || lost_at_once >= kMostLost)) unwatched_.insert(index);
    if (!error) unwatched_.insert(index);  // this server behind the name has no IDLE
    const bool is_polled = unwatched_.contains(index);
    const auto pause = error ? mailboxes_[index].pause_after(++broken, *error) : context_.settings.backoff.first;
    co_await rest_watch(is_polled ? settings_.poll_every : pause);
  }
  co_return Result<>{};
}

/// The news of a mailbox are told once: until somebody has looked, which may take as long as the destination rests, the
/// server would only say the same again.
Task<> Carrier::wait_for_look(std::size_t index) {
  const auto before = looks_[index];
  while (living_ && !ending() && looks_[index] == before)
    co_await woken_.wait();
  co_return Result<>{};
}

/// News of other mailboxes end no pause of this one.
Task<> Carrier::rest_watch(std::chrono::milliseconds pause) {
  const auto until = std::chrono::steady_clock::now() + pause;
  while (living_ && !ending() && std::chrono::steady_clock::now() < until)
    co_await woken_.wait_until(until);
  co_return Result<>{};
}

}  // namespace mailferry::sync
