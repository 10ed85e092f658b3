#include "sync/carry/lanes.hpp"

#include "mail/server_pause.hpp"

#include <algorithm>
#include <random>

namespace mailferry::sync {
namespace {

/// Servers and routers forget a silent connection; a new one costs little.
constexpr std::chrono::minutes kIdleFor{4};

/// Whom nobody had a reason to ask for so long is not called down any more: it may have come back unseen.
constexpr std::chrono::minutes kForgetAfter{5};
/// How long a server that has no further connection for us is not asked for one.
constexpr std::chrono::minutes kCrowdedFor{5};
/// A destination that has no room for so much takes hardly any mail: it is full.
constexpr std::uint64_t kOrdinaryOctets = 16U << 10;

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
    if (!has_room(use)) {
      co_await changed_.wait_until(std::chrono::steady_clock::now() + kCrowdedFor);
      continue;
    }
    auto lane = co_await borrow(use);
    if (lane) co_return lane;
  }
  co_return fail(ErrorKind::cancelled, Scope::run, "stopping");
}

Task<Lane> Lanes::acquire_one_more() {
  drop_stale();
  if (stopped_ || !has_room(Lane::Use::streaming))
    co_return fail(ErrorKind::throttled, Scope::message, "no further connection to the destination is free", {},
                   Retry::later);
  co_return co_await borrow(Lane::Use::streaming);
}

bool Lanes::has_room(Lane::Use use) const noexcept {
  if (use == Lane::Use::streaming && streaming_ >= most_streams()) return false;
  return !idle_.empty() || open_ < most();
}

Task<Lane> Lanes::borrow(Lane::Use use) {
  const unsigned streams = use == Lane::Use::streaming ? 1 : 0;
  streaming_ += streams;
  if (!idle_.empty()) co_return lend(take_idle(), use);
  auto session = co_await open_session();
  if (session) co_return lend(std::move(*session), use);
  streaming_ -= streams;
  changed_.notify_all();
  co_return std::unexpected(session.error());
}

Lane Lanes::lend(std::unique_ptr<store::Session> session, Lane::Use use) {
  lent_.insert(session.get());
  return {*this, std::move(session), use};
}

std::unique_ptr<store::Session> Lanes::take_idle() {
  auto session = std::move(idle_.back().session);
  idle_.pop_back();
  return session;
}

Task<std::unique_ptr<store::Session>> Lanes::open_session() {
  const bool is_alone = open_++ == 0;
  const auto number = ++asked_;
  auto session = co_await store_.open_session();
  if (session && !knows_names_) {
    const auto learnt = co_await (*session)->learn_names();
    // Who may not list may append all the same.
    if (!learnt && learnt.error().scope >= Scope::account) session = std::unexpected(learnt.error());
    knows_names_ = learnt.has_value();
  }
  if (session) {
    last_success_ = std::chrono::system_clock::now();
    sign_ins_ = {};
    if (std::exchange(is_news_, false)) listener_.connected();
    look_whether_back();
    co_return session;
  }
  --open_;
  listener_.sign_in_failed(session.error());
  const bool had_company = !is_alone || asked_ != number;
  if (had_company && session.error().kind == ErrorKind::throttled) {
    make_do(session.error());
  } else {
    rest_after(sign_ins_, session.error());
  }
  co_return session;
}

/// What was refused may have been one too many of ours. Where none is left, as they were all asked for together, one is
/// tried by itself soon: only what is refused then is the server's wish for a long rest.
void Lanes::make_do(const Error& refusal) {
  const auto now = std::chrono::steady_clock::now();
  crowded_ = open_;
  crowded_until_ = now + kCrowdedFor;
  if (open_ == 0)
    resting_until_ = std::max(resting_until_, now + std::max(settings_.backoff.first, refusal.retry_after));
}

unsigned Lanes::most() const noexcept {
  if (std::chrono::steady_clock::now() >= crowded_until_) return settings_.lanes;
  return std::clamp(crowded_, 1U, settings_.lanes);
}

void Lanes::ask_again() noexcept {
  resting_until_ = {};
  crowded_until_ = {};
  no_room_until_ = {};
  changed_.notify_all();
}

void Lanes::rest(const Error& error) {
  rest_after(refusals_, error);
}

void Lanes::refuse_for_room(std::uint64_t octets, const Error& error) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_known = now < no_room_until_;
  no_room_from_ = is_known ? std::min(no_room_from_, octets) : octets;
  // Several that are refused before the next try are one failure.
  if (!is_known || no_room_.in_a_row == 0) ++no_room_.in_a_row;
  no_room_until_ = std::max(no_room_until_, now + pause_after(no_room_, error));
  if (octets > kOrdinaryOctets) return;
  no_room_.lasting = is_news_ = true;
  down_until_ = std::max(down_until_, no_room_until_ + kForgetAfter);
  if (!std::exchange(down_, true)) listener_.went_down(error, no_room_.in_a_row);
}

bool Lanes::may_take(std::uint64_t octets) const noexcept {
  return octets < no_room_from_ || std::chrono::steady_clock::now() >= no_room_until_;
}

void Lanes::accepted(std::uint64_t octets) {
  ++taken_;
  no_room_.lasting = false;
  if (octets >= no_room_from_) {
    no_room_ = {};
    no_room_until_ = {};
  }
  worked();
}

void Lanes::worked() {
  last_success_ = std::chrono::system_clock::now();
  refusals_ = {};
  look_whether_back();
}

bool Lanes::means_down(const Failures& failures) const noexcept {
  return failures.lasting || failures.in_a_row >= settings_.destination_attempts;
}

void Lanes::look_whether_back() {
  if (!down_ || means_down(sign_ins_) || means_down(refusals_) || no_room_.lasting) return;
  down_ = false;
  listener_.came_back();
}

bool Lanes::is_down() const noexcept {
  return down_ && std::chrono::steady_clock::now() < down_until_;
}

std::chrono::milliseconds Lanes::pause_after(const Failures& failures, const Error& error) const {
  auto policy = settings_.backoff;
  policy.max_attempts = std::numeric_limits<int>::max();
  policy.budget = std::chrono::milliseconds::max();
  auto transient = error;
  if (transient.retry == Retry::never) transient.retry = Retry::later;
  const auto share = 0.5 + unit_random() / 2;
  auto pause = policy.delay_after(failures.in_a_row, {}, transient, share).value_or(policy.ceiling);
  if (failures.in_a_row >= settings_.destination_attempts) pause = std::max(pause, policy.ceiling);
  if (error.kind == ErrorKind::auth) pause = std::max<std::chrono::milliseconds>(pause, kAfterRefusedLogin);
  return std::max(pause, wanted_pause(error, failures.in_a_row));
}

void Lanes::rest_after(Failures& failures, const Error& error) {
  const auto now = std::chrono::steady_clock::now();
  is_news_ = true;
  // Several connections that break together are one failure.
  if (now >= resting_until_ || failures.in_a_row == 0) ++failures.in_a_row;
  // A full mailbox and wrong credentials do not pass by themselves.
  failures.lasting = error.kind == ErrorKind::quota || error.kind == ErrorKind::auth;
  resting_until_ = std::max(resting_until_, now + pause_after(failures, error));
  down_until_ = resting_until_ + kForgetAfter;
  changed_.notify_all();
  if (means_down(failures) && !std::exchange(down_, true)) listener_.went_down(error, failures.in_a_row);
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
  lent_.erase(session.get());
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

void Lanes::close_all() noexcept {
  for (auto* session : lent_)
    session->close();
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
