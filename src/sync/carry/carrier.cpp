#include "sync/carry/carrier.hpp"

#include "sync/carry/carry_notes.hpp"
#include "sync/carry/label_words.hpp"

#include <algorithm>
#include <limits>
#include <random>

namespace mailferry::sync {
namespace {

constexpr std::chrono::hours kPruneEvery{1};
/// A connection that lasted so long, or over which a message was read, was of use: what follows is a new failure.
constexpr std::chrono::minutes kOfUse{1};

double unit_random() {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<>{0.0, 1.0}(generator);
}

}  // namespace

Carrier::Carrier(CarryContext& context, store::Store& source, const SourceSettings& settings, state::PairId pair,
                 QuotaGate& download)
    : context_(context), source_(source), settings_(settings), download_(download), woken_(context.io) {
  for (const auto& rule : settings.rules)
    mailboxes_.emplace_back(context, pair, settings, rule, source.name());
  watching_.resize(mailboxes_.size());
  looks_.resize(mailboxes_.size());
}

Result<> Carrier::load() {
  auto& journal = context_.journal;
  TRY(const auto slowest, journal.journal().note(journal.own_pair(), kLongestAppendNote));
  const std::chrono::milliseconds took{slowest ? std::strtoll(slowest->c_str(), nullptr, 10) : 0};
  context_.slowest_append = std::max(context_.slowest_append, took);
  for (auto& mailbox : mailboxes_)
    CHECK_OK(mailbox.load_parked());
  for (auto& mailbox : mailboxes_)
    CHECK_OK(mailbox.note_new_since());
  return {};
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
    if (session_ && was_of_use()) failures_ = 0;
    session_.reset();
    state_.connections = 0;
    if (lived || ending()) continue;
    if (context_.journal.error() || lived.error().kind == ErrorKind::state_corrupt) co_return lived;
    context_.observer.trouble(name(), lived.error());
    co_await pause(lived.error());
  }
  co_return Result<>{};
}

/// The one that is ending.
bool Carrier::was_of_use() const {
  return messages_read() > read_before_ || std::chrono::steady_clock::now() >= session_begun_ + kOfUse;
}

std::uint64_t Carrier::messages_read() const {
  std::uint64_t read = 0;
  for (const auto& mailbox : mailboxes_)
    read += mailbox.messages_read();
  return read;
}

Task<> Carrier::pause(const Error& error) {
  state_.phase = CarrierState::Phase::failing;
  ++state_.reconnects;
  is_failing_ = is_news_ = true;
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
  session_begun_ = std::chrono::steady_clock::now();
  read_before_ = messages_read();
  if (!knows_names_) {
    const auto learnt = co_await session_->learn_names();
    if (!learnt && learnt.error().scope >= Scope::account) co_return learnt;
    knows_names_ = learnt.has_value();
  }
  living_ = true;
  has_told_no_pruner_ = false;
  polled_.reset();
  rest_.clear();
  async::TaskScope scope(context_.io);
  begin_watches(scope);
  if (std::exchange(is_news_, false)) context_.observer.connected(name(), mailboxes_.size(), state_.watching);
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
  const bool are_keywords = lane->labeller() == nullptr;
  if (labelled && is_same && !are_keywords)
    labelled = co_await lane->labeller()->add_labels(route.to->path(), route.label_validity, uids, route.labels);
  if (labelled && is_same && are_keywords) labelled = co_await add_keywords(*lane, route, uids);
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
  // A mailbox that takes no keywords will not take them later.
  const bool is_hopeless = are_keywords && route.label_failures >= context_.settings.message_attempts;
  if (is_hopeless && labelled.error().scope != Scope::account) {
    route.unlabelled.remove(uids);
    route.label_failures = 0;
    context_.journal.mark_dirty();
  }
  co_return Result<>{};
}

Task<> Carrier::add_keywords(store::Session& session, const CarryRoute& route, const UidSet& uids) {
  Flags keywords;
  for (const auto& label : route.labels)
    keywords.add(to_keyword(label));
  keywords = route.to->permanent_flags().storable(std::move(keywords));
  if (context_.refuses_long_keywords) keywords = keep_keywords(std::move(keywords), KeywordsKept::short_ones);
  if (keywords.empty()) co_return Result<>{};
  const std::vector<store::FlagUpdate> updates{{uids, keywords, {}}};
  co_return co_await session.change_flags(route.to->path(), route.label_validity, updates);
}

/// Whether all mailboxes that mail of this one was brought to can be opened now, as they were left or not.
Task<bool> Carrier::look_at_targets(SourceMailbox& mailbox) {
  for (auto& route : mailbox.routes()) {
    CO_TRY(auto lane, co_await context_.lanes.acquire());
    route.to->forget_prepared();
    const auto ready = co_await route.to->make_ready(*lane, context_.slowest_append, context_.stopping);
    if (ready) continue;
    if (ready.error().kind == ErrorKind::cancelled) co_return std::unexpected(ready.error());
    context_.observer.trouble(context_.destination.name(), ready.error());
    if (ready.error().scope >= Scope::account) {
      lane.spoil();
      context_.lanes.rest(ready.error());
    }
    co_return false;
  }
  mailbox.heed_set_backs();
  co_return true;
}

/// Removes from the source what is old, and proven delivered to every target.
Task<> Carrier::prune(SourceMailbox& mailbox) {
  const auto now = std::chrono::steady_clock::now();
  const auto last = pruned_.find(mailbox.path());
  if (!settings_.prune_days || (last != pruned_.end() && now < last->second + kPruneEvery)) co_return Result<>{};
  pruned_[mailbox.path()] = now;
  auto* pruner = session_->pruner();
  if (pruner == nullptr && std::exchange(has_told_no_pruner_, true)) co_return Result<>{};
  if (pruner == nullptr) {
    // What is carried is carried all the same.
    const auto error = fail(ErrorKind::usage, Scope::mailbox,
                            name() + " cannot remove single messages (no UIDPLUS): nothing is pruned",
                            "set retention_days = 0 for this source");
    context_.observer.trouble(name(), error.error());
    co_return Result<>{};
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  CO_TRY(const auto old, co_await mailbox.older_than(*session_, seconds - *settings_.prune_days * kDay));
  if (old.intersection(mailbox.delivered_everywhere()).empty()) co_return Result<>{};
  // A destination that was restored from a copy may lack what was delivered.
  CO_TRY(const bool are_there, co_await look_at_targets(mailbox));
  const auto doomed = are_there ? old.intersection(mailbox.delivered_everywhere()) : UidSet{};
  if (doomed.empty()) co_return Result<>{};
  // What is only remembered as delivered is not proven: first it has to be durable.
  CO_CHECK(co_await context_.journal.flush());
  CO_CHECK(co_await pruner->expunge(mailbox.path(), mailbox.uid_validity(), doomed));
  mailbox.note_pruned(doomed);
  context_.observer.pruned(name(), mailbox.path(), doomed.size());
  co_return Result<>{};
}

}  // namespace mailferry::sync
