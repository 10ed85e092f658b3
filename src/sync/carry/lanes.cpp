#include "sync/carry/lanes.hpp"

#include "mail/server_pause.hpp"

#include <algorithm>
#include <random>

namespace mailferry::sync {
namespace {

/// Servers and routers forget a silent connection; a new one costs little.
constexpr std::chrono::minutes kIdleFor{4};
/// Wrong credentials do not become right by asking again (and lock accounts).
constexpr std::chrono::minutes kAfterRefusedLogin{15};

/// Connections beyond the usual number, for large messages that go to several mailboxes at the same time.
constexpr unsigned kExtra = 4;
/// How long a server that has no further connection for us is not asked for one.
constexpr std::chrono::minutes kCrowdedFor{5};

double unit_random() {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<>{0.0, 1.0}(generator);
}

}  // namespace

Lane::~Lane() {
  if (lanes_ != nullptr && session_) lanes_->give_back(std::move(session_), use_, spoilt_);
}

Task<Lane> Lanes::acquire(Lane::Use use) {
  while (!stopped_) {
    if (std::chrono::steady_clock::now() < resting_until_) {
      co_await changed_.wait_until(resting_until_);
      continue;
    }
    drop_stale();
    const bool waits = use == Lane::Use::streaming && streaming_ + 1 >= std::max(2U, most());
    if (!waits && !idle_.empty()) co_return lend(take_idle(), use);
    if (waits || !may_open(use)) {
      co_await changed_.wait_until(std::chrono::steady_clock::now() + kCrowdedFor);
      continue;
    }
    auto session = co_await open_session();
    if (session) co_return lend(std::move(*session), use);
  }
  co_return fail(ErrorKind::cancelled, Scope::run, "stopping");
}

Task<Lane> Lanes::acquire_one_more() {
  drop_stale();
  if (!idle_.empty()) co_return lend(take_idle(), Lane::Use::streaming);
  const bool crowded = std::chrono::steady_clock::now() < crowded_until_;
  if (stopped_ || open_ >= settings_.lanes + kExtra || (crowded && open_ >= most()))
    co_return fail(ErrorKind::throttled, Scope::message, "no further connection to the destination is free", {},
                   Retry::later);
  CO_TRY(auto session, co_await open_session());
  co_return lend(std::move(session), Lane::Use::streaming);
}

/// Where all that are open stream, there is one more.
bool Lanes::may_open(Lane::Use use) const noexcept {
  if (open_ < most()) return true;
  const bool crowded = std::chrono::steady_clock::now() < crowded_until_;
  return use == Lane::Use::short_work && open_ == streaming_ && !crowded;
}

Lane Lanes::lend(std::unique_ptr<store::Session> session, Lane::Use use) {
  if (use == Lane::Use::streaming) ++streaming_;
  return {*this, std::move(session), use};
}

std::unique_ptr<store::Session> Lanes::take_idle() {
  auto session = std::move(idle_.back().session);
  idle_.pop_back();
  return session;
}

Task<std::unique_ptr<store::Session>> Lanes::open_session() {
  ++open_;
  auto session = co_await store_.open_session();
  if (session) {
    failures_ = 0;
    co_return session;
  }
  --open_;
  on_trouble_(session.error(), ++failures_);
  if (open_ > 0 && session.error().kind == ErrorKind::throttled) {
    crowded_ = open_;
    crowded_until_ = std::chrono::steady_clock::now() + kCrowdedFor;
  } else {
    rest(session.error());
  }
  co_return session;
}

unsigned Lanes::most() const noexcept {
  if (std::chrono::steady_clock::now() >= crowded_until_) return settings_.lanes;
  return std::clamp(crowded_, 1U, settings_.lanes);
}

void Lanes::ask_again() noexcept {
  resting_until_ = {};
  crowded_until_ = {};
  changed_.notify_all();
}

void Lanes::rest(const Error& error) {
  auto policy = settings_.backoff;
  policy.max_attempts = std::numeric_limits<int>::max();
  policy.budget = std::chrono::milliseconds::max();
  auto transient = error;
  if (transient.retry == Retry::never) transient.retry = Retry::later;
  auto pause = policy.delay_after(++refusals_, {}, transient, 0.5 + unit_random() / 2).value_or(policy.ceiling);
  if (error.kind == ErrorKind::auth) pause = std::max<std::chrono::milliseconds>(pause, kAfterRefusedLogin);
  pause = std::max(pause, wanted_pause(error, refusals_));
  resting_until_ = std::max(resting_until_, std::chrono::steady_clock::now() + pause);
  changed_.notify_all();
}

void Lanes::drop_stale() {
  const auto now = std::chrono::steady_clock::now();
  while (!idle_.empty() && idle_.front().since + kIdleFor < now) {
    idle_.front().session->close();
    idle_.pop_front();
    --open_;
  }
}

void Lanes::give_back(std::unique_ptr<store::Session> session, Lane::Use use, bool spoilt) noexcept {
  if (use == Lane::Use::streaming) --streaming_;
  if (spoilt || stopped_) {
    session->close();
    --open_;
  } else {
    idle_.push_back({std::move(session), std::chrono::steady_clock::now()});
  }
  changed_.notify_all();
}

void Lanes::stop() noexcept {
  stopped_ = true;
  drop_idle();
}

void Lanes::drop_idle() noexcept {
  for (auto& idle : idle_)
    idle.session->close();
  open_ -= static_cast<unsigned>(idle_.size());
  idle_.clear();
  changed_.notify_all();
}

}  // namespace mailferry::sync
