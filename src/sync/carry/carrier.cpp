#include "sync/carry/carrier.hpp"

#include <algorithm>
#include <limits>
#include <random>

namespace mailferry::sync {
namespace {

constexpr std::chrono::hours kPruneEvery{1};
constexpr std::int64_t kDay = 86'400;

double unit_random() {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<>{0.0, 1.0}(generator);
}

}  // namespace

Carrier::Carrier(CarryContext& context, store::Store& source, const SourceSettings& settings, state::PairId pair)
    : context_(context), source_(source), settings_(settings), download_(context.io), woken_(context.io) {
  for (const auto& rule : settings.rules)
    mailboxes_.emplace_back(context, pair, settings, rule, source.name());
  watching_.resize(mailboxes_.size());
  looks_.resize(mailboxes_.size());
}

void Carrier::save(state::Batch& batch) {
  for (auto& mailbox : mailboxes_)
    mailbox.save(batch);
}

void Carrier::wake() noexcept {
  download_.wake();
  woken_.notify_all();
  if (session_ && session_->watcher() != nullptr) session_->watcher()->interrupt();
}

void Carrier::stop() noexcept {
  stopping_ = true;
  for (const auto& session : watching_) {
    if (session && session->watcher() != nullptr) session->watcher()->interrupt();
  }
  wake();
}

void Carrier::reconnect() noexcept {
  for (const auto& session : watching_) {
    if (session) session->close();
  }
  if (session_) session_->close();
  woken_.notify_all();
}

void Carrier::look_again() noexcept {
  for (auto& mailbox : mailboxes_)
    mailbox.retry_parked();
  context_.lanes.ask_again();
  polled_.reset();
  wake();
}

void Carrier::retry_parked() noexcept {
  for (auto& mailbox : mailboxes_)
    mailbox.retry_parked();
  polled_.reset();
  if (!pausing_) wake();
}

Task<> Carrier::run() {
  while (!ending()) {
    auto lived = co_await live();
    living_ = false;
    if (session_) session_->close();
    session_.reset();
    state_.connections = 0;
    if (lived || ending()) continue;
    if (context_.journal.error() || lived.error().kind == ErrorKind::state_corrupt) co_return lived;
    context_.observer.trouble(name(), lived.error());
    co_await pause(lived.error());
  }
  co_return Result<>{};
}

Task<> Carrier::pause(const Error& error) {
  state_.phase = CarrierState::Phase::failing;
  ++state_.reconnects;
  auto policy = context_.settings.backoff;
  policy.max_attempts = std::numeric_limits<int>::max();
  policy.budget = std::chrono::milliseconds::max();
  auto transient = error;
  if (transient.retry == Retry::never) transient.retry = Retry::later;
  if (transient.kind == ErrorKind::cancelled) transient.kind = ErrorKind::network;
  auto pause = policy.delay_after(++failures_, {}, transient, 0.5 + unit_random() / 2).value_or(policy.ceiling);
  if (error.kind == ErrorKind::auth) pause = std::max<std::chrono::milliseconds>(pause, kAfterRefusedLogin);
  pause = std::max(pause, wanted_pause(error, failures_));
  download_.heed(error.message);
  pausing_ = true;
  if (!ending()) co_await async::sleep_for(pause, woken_);
  pausing_ = false;
  co_return Result<>{};
}

/// From one connection to its end.
Task<> Carrier::live() {
  CO_TRY(session_, co_await source_.open_session());
  state_.connections = 1;
  if (!std::exchange(listed_, true)) CO_CHECK(co_await session_->list(false));
  living_ = true;
  polled_.reset();
  async::TaskScope scope(context_.io);
  begin_watches(scope);
  Result<> lived;
  while (!ending() && lived && !anew_) {
    lived = co_await look_everywhere();
    if (lived && !ending()) lived = co_await wait_for_news();
  }
  living_ = false;
  for (const auto& session : watching_) {
    if (session && session->watcher() != nullptr) session->watcher()->interrupt();
  }
  woken_.notify_all();
  co_await scope.join();
  if (lived && session_) co_await session_->logout();
  co_return lived;
}

Task<> Carrier::look_everywhere() {
  const auto now = std::chrono::steady_clock::now();
  const bool poll = !polled_ || now >= *polled_ + settings_.poll_every;
  if (poll) polled_ = now;
  if (poll) watch_again();
  state_.phase = CarrierState::Phase::working;
  for (std::size_t index = 0; index < mailboxes_.size() && !ending(); ++index) {
    const bool news = news_.erase(index) != 0;
    const auto refusal = refused_.find(index);
    const bool again = refusal != refused_.end() && refusal->second.first <= now;
    if (!poll && !news && !again && mailboxes_[index].next_due() > now) continue;
    const auto begun = std::chrono::steady_clock::now();
    auto looked = co_await look_at(index);
    mailboxes_[index].rest_after_look(begun);
    if (looked) {
      refused_.erase(index);
      ++looks_[index];
      if (news) woken_.notify_all();
      continue;
    }
    // A mailbox that cannot be read holds up no other.
    if (looked.error().scope != Scope::mailbox && looked.error().scope != Scope::message) co_return looked;
    context_.observer.trouble(name(), looked.error());
    auto& [at, times] = refused_[index];
    at = std::chrono::steady_clock::now() + mailboxes_[index].pause_after(++times, looked.error());
  }
  if (refused_.empty() && !ending()) {
    if (std::exchange(failures_, 0) > 0) context_.observer.recovered(name());
    state_.last_success = std::chrono::system_clock::now();
  }
  state_.phase = refused_.empty() ? CarrierState::Phase::waiting : CarrierState::Phase::failing;
  co_return Result<>{};
}

Task<> Carrier::look_at(std::size_t index) {
  auto& mailbox = mailboxes_[index];
  CO_TRY(auto open, co_await mailbox.look(*session_));
  CO_CHECK(co_await mailbox.expire_parked());
  CO_CHECK(co_await carry_all(mailbox, std::move(open)));
  CO_CHECK(co_await label_rest(mailbox));
  CO_CHECK(co_await mailbox.follow_flags(*session_));
  co_return co_await prune(mailbox);
}

Task<> Carrier::carry_all(SourceMailbox& mailbox, UidSet uids) {
  while (!uids.empty() && !ending()) {
    // Of what would only be put off nothing is learnt.
    const auto part = uids.take_front(batch_);
    CarryBatch batch(context_, mailbox, *session_, download_);
    CO_CHECK(co_await batch.carry(part));
    batch_ = batch.is_held() ? 1 : std::min(kBatch, 2 * batch_);
    if (batch.is_held()) break;
  }
  co_return Result<>{};
}

Task<> Carrier::label_rest(SourceMailbox& mailbox) {
  const auto now = std::chrono::steady_clock::now();
  for (auto& route : mailbox.routes()) {
    if (!route.unlabelled.empty() && route.label_at <= now) CO_CHECK(co_await label(mailbox, route));
  }
  co_return Result<>{};
}

Task<> Carrier::label(SourceMailbox& mailbox, CarryRoute& route) {
  CO_TRY(auto lane, co_await context_.lanes.acquire());
  auto labelled = co_await route.to->make_ready(*lane, context_.slowest_append, context_.stopping);
  const bool is_same = route.label_validity == route.to->uid_validity();
  const auto uids = route.unlabelled;
  if (labelled && is_same && lane->labeller() != nullptr)
    labelled = co_await lane->labeller()->add_labels(route.to->path(), route.label_validity, uids, route.labels);
  if (labelled) {
    route.unlabelled.remove(uids);
    route.label_failures = 0;
    context_.lanes.worked();
    context_.journal.mark_dirty();
    co_return Result<>{};
  }
  if (labelled.error().kind == ErrorKind::cancelled) co_return labelled;
  if (labelled.error().scope == Scope::account) {
    lane.spoil();
    context_.lanes.rest(labelled.error());
  }
  route.label_at = std::chrono::steady_clock::now() + mailbox.pause_after(++route.label_failures, labelled.error());
  context_.observer.trouble(context_.destination.name(), labelled.error());
  co_return Result<>{};
}

/// Removes from the source what is old, and proven delivered to every target.
Task<> Carrier::prune(SourceMailbox& mailbox) {
  const auto now = std::chrono::steady_clock::now();
  const auto last = pruned_.find(mailbox.path());
  if (!settings_.prune_days || (last != pruned_.end() && now < last->second + kPruneEvery)) co_return Result<>{};
  pruned_[mailbox.path()] = now;
  auto* pruner = session_->pruner();
  if (pruner == nullptr)
    co_return fail(ErrorKind::usage, Scope::mailbox,
                   name() + " cannot remove single messages (no UIDPLUS): nothing is pruned",
                   "set retention_days = 0 for this source");
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  CO_TRY(const auto old, co_await mailbox.older_than(*session_, seconds - *settings_.prune_days * kDay));
  const auto doomed = old.intersection(mailbox.delivered_everywhere());
  if (doomed.empty()) co_return Result<>{};
  // What is only remembered as delivered is not proven: first it has to be durable.
  CO_CHECK(co_await context_.journal.flush());
  CO_CHECK(co_await pruner->expunge(mailbox.path(), mailbox.uid_validity(), doomed));
  mailbox.note_pruned(doomed);
  context_.observer.pruned(name(), mailbox.path(), doomed.size());
  co_return Result<>{};
}

}  // namespace mailferry::sync
