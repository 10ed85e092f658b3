// Whose turn it is: each mailbox of a source that has something to look at, and one backlog after the other between
// them, a batch at a time. A backlog holds up no new mail, and new mail no backlog.
#include "sync/carry/carrier.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// While a backlog is carried, nobody listens on that connection: the server is asked for news so often, and a little
/// less often for each mailbox that it has to look at for it.
constexpr std::chrono::seconds kGlanceEvery{5};
constexpr std::chrono::milliseconds kGlanceEach{100};
/// Of two backlogs each has its turn for so long: to open a large mailbox may take a while.
constexpr std::chrono::seconds kTurn{30};
/// New mail waits for the end of a batch: one that took longer is followed by a smaller one, as long as what a batch
/// costs by itself stays small.
constexpr std::chrono::seconds kLongBatch{5};
constexpr std::uint64_t kLeastBatch = 25;

}  // namespace

Task<> Carrier::look_everywhere() {
  const auto now = std::chrono::steady_clock::now();
  const bool poll = !polled_ || now >= *polled_ + settings_.poll_every;
  if (poll) polled_ = now;
  if (poll) watch_again();
  state_.phase = CarrierState::Phase::working;
  CO_CHECK(co_await glance());
  due_.clear();
  for (std::size_t index = 0; index < mailboxes_.size(); ++index) {
    if (!rest_.contains(index) && (poll || wants_look(index, now))) due_.insert(index);
  }
  while (!due_.empty() && !ending()) {
    const auto index = take_due();
    CO_CHECK(co_await attend(index));
  }
  if (!rest_.empty() && !ending()) CO_CHECK(co_await attend(next_rest()));
  const bool some_work = refused_.size() < mailboxes_.size();
  if (some_work && !ending()) {
    if (std::exchange(is_failing_, false)) context_.observer.recovered(name());
    state_.last_success = std::chrono::system_clock::now();
  }
  if (!refused_.empty()) state_.phase = some_work ? CarrierState::Phase::degraded : CarrierState::Phase::failing;
  if (refused_.empty() && rest_.empty()) state_.phase = CarrierState::Phase::waiting;
  co_return Result<>{};
}

bool Carrier::wants_look(std::size_t index, SteadyTime now) const {
  const auto refusal = refused_.find(index);
  return news_.contains(index) || (refusal != refused_.end() && refusal->second.first <= now) ||
         mailboxes_[index].next_due() <= now;
}

/// The mailbox at which the last connection broke comes last: the others have their turn, whatever is wrong with it.
std::size_t Carrier::take_due() {
  auto next = due_.begin();
  if (*next == broke_at_ && due_.size() > 1) ++next;
  const auto index = *next;
  due_.erase(next);
  return index;
}

/// The backlog behind the one that had its turn last.
std::size_t Carrier::next_rest() {
  auto next = rest_.upper_bound(last_rest_);
  if (next == rest_.end()) next = rest_.begin();
  return last_rest_ = next->first;
}

/// A look at the mailbox, or, where not all was carried that the last one found, more of that.
Task<> Carrier::attend(std::size_t index) {
  const bool goes_on = rest_.contains(index);
  if (!goes_on) news_.erase(index);
  const auto begun = std::chrono::steady_clock::now();
  Result<> done;
  if (goes_on) {
    done = co_await go_on(index);
  } else {
    done = co_await look_at(index);
    mailboxes_[index].rest_after_look(begun);
  }
  if (done) {
    refused_.erase(index);
    if (broke_at_ == index) broke_at_ = kNowhere;
    if (!goes_on) ++looks_[index];
    if (!goes_on) woken_.notify_all();  // its watch may wait for a look
    co_return Result<>{};
  }
  mailboxes_[index].note_failed_look();
  // A mailbox that cannot be read holds up no other.
  rest_.erase(index);
  if (done.error().scope != Scope::mailbox && done.error().scope != Scope::message) {
    broke_at_ = index;
    co_return done;
  }
  context_.observer.trouble(name(), done.error());
  auto& [at, times] = refused_[index];
  at = std::chrono::steady_clock::now() + mailboxes_[index].pause_after(++times, done.error());
  co_return Result<>{};
}

Task<> Carrier::look_at(std::size_t index) {
  auto& mailbox = mailboxes_[index];
  CO_TRY(auto open, co_await mailbox.look(*session_));
  CO_CHECK(co_await mailbox.expire_parked());
  CO_CHECK(co_await carry(index, std::move(open)));
  CO_CHECK(co_await label_rest(mailbox));
  CO_CHECK(co_await mailbox.follow_flags(*session_));
  co_return co_await prune(mailbox);
}

Task<> Carrier::go_on(std::size_t index) {
  auto uids = std::exchange(rest_[index], {});
  CO_TRY(const bool is_all, co_await carry(index, std::move(uids)));
  if (is_all) news_.insert(index);  // whatever came meanwhile
  co_return Result<>{};
}

/// True: all of it was carried. Otherwise a quota holds up what is left, or others have their turn before it.
Task<bool> Carrier::carry(std::size_t index, UidSet uids) {
  const auto begun = std::chrono::steady_clock::now();
  bool is_held = false;
  while (!uids.empty() && !ending()) {
    // Of what would only be put off nothing is learnt.
    const auto part = uids.take_front(batch_);
    const auto batch_begun = std::chrono::steady_clock::now();
    CarryBatch batch(context_, mailboxes_[index], *session_, download_, [&] { return others_wait(index, begun); });
    CO_CHECK(co_await batch.carry(part));
    is_held = batch.is_held();
    batch_ = is_held || !batch.left().empty() ? 1 : batch_after(std::chrono::steady_clock::now() - batch_begun);
    if (is_held) break;
    uids.add(batch.left());
    if (others_wait(index, begun)) break;
  }
  const bool has_rest = !is_held && !uids.empty();
  rest_.erase(index);
  if (has_rest) rest_.emplace(index, std::move(uids));
  co_return !has_rest && !is_held;
}

std::uint64_t Carrier::batch_after(std::chrono::steady_clock::duration took) const {
  if (took > kLongBatch && batch_ > kLeastBatch) return std::max(kLeastBatch, batch_ / 2);
  return std::min(kBatch, 2 * batch_);
}

/// Whether what is left of this mailbox should wait, after a turn that began then.
bool Carrier::others_wait(std::size_t index, SteadyTime begun) const {
  const auto now = std::chrono::steady_clock::now();
  if (!due_.empty() || !polled_ || now >= *polled_ + settings_.poll_every || is_glance_due(index, now)) return true;
  for (std::size_t other = 0; other < mailboxes_.size(); ++other) {
    if (other != index && !rest_.contains(other) && wants_look(other, now)) return true;
  }
  const bool has_other = rest_.size() > (rest_.contains(index) ? 1U : 0U);
  return has_other && now >= begun + kTurn;
}

/// Whether it is time to ask for news of what is watched over the connection that carries `busy`.
bool Carrier::is_glance_due(std::size_t busy, SteadyTime now) const {
  if (watches_many_) return now >= glanced_ + kGlanceEvery + kGlanceEach * mailboxes_.size();
  const bool is_watched = busy != 0 && !unwatched_.contains(0) && !refused_.contains(0) && !rest_.contains(0);
  return is_watched && now >= glanced_ + kGlanceEvery;
}

Task<> Carrier::glance() {
  const auto now = std::chrono::steady_clock::now();
  if (rest_.empty() || !is_glance_due(rest_.begin()->first, now)) co_return Result<>{};
  glanced_ = now;
  if (!watches_many_) {
    news_.insert(0);
    co_return Result<>{};
  }
  session_->watcher()->interrupt();  // it only asks how things are
  co_return co_await wait_for_many(now);
}

}  // namespace mailferry::sync
