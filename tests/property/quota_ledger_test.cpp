// However mail arrives, whoever asks the governor moves no more in any 24 hours than is allowed, and waits no longer
// than it takes for enough to be a day old.
#include "plan/quota_ledger.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <deque>

namespace mailferry::plan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kLimit = 1'000'000;
constexpr QuotaTime kStart{hours(490'000)};

struct Arrival {
  std::uint64_t octets = 0;
  milliseconds after{0};
};

rc::Gen<std::vector<Arrival>> arrivals() {
  return rc::gen::container<std::vector<Arrival>>(rc::gen::apply(
      [](std::uint64_t octets, int minutes) {
        return Arrival{.octets = octets, .after = std::chrono::minutes(minutes)};
      },
      rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, kLimit / 20), rc::gen::inRange<std::uint64_t>(1, kLimit + 1)),
      rc::gen::oneOf(rc::gen::just(0), rc::gen::inRange(0, 600))));
}

struct Moved {
  QuotaTime when;
  std::uint64_t octets;
};

/// What was moved in the 24 hours that end now.
std::uint64_t last_day(const std::vector<Moved>& moves, QuotaTime now) {
  std::uint64_t sum = 0;
  for (const auto& move : moves)
    sum += move.when + hours(24) >= now ? move.octets : 0;
  return sum;
}

RC_GTEST_PROP(QuotaLedgerProperty, NoRollingDayHoldsMoreThanTheLimit, ()) {
  const auto mail = *arrivals();
  QuotaLedger ledger(QuotaLimits{.down = 0, .up = kLimit, .connections = 0});
  std::vector<Moved> moves;
  auto now = kStart;
  for (const auto& arrival : mail) {
    now += arrival.after;
    const auto wait = ledger.delay(Direction::up, arrival.octets, now);
    RC_ASSERT(wait.has_value());
    RC_ASSERT(*wait <= hours(25));
    now += *wait;
    RC_ASSERT(ledger.delay(Direction::up, arrival.octets, now) == milliseconds(0));
    ledger.record(Direction::up, arrival.octets, now);
    moves.push_back({now, arrival.octets});
    RC_ASSERT(last_day(moves, now) <= kLimit);
  }
}

RC_GTEST_PROP(QuotaLedgerProperty, ARestartAtAnyMomentChangesNothing, ()) {
  const auto mail = *arrivals();
  const QuotaLimits limits{.down = 0, .up = kLimit, .connections = 0};
  QuotaLedger kept(limits);
  QuotaLedger restarted(limits);
  auto now = kStart;
  for (const auto& arrival : mail) {
    now += arrival.after;
    const auto wait = kept.delay(Direction::up, arrival.octets, now).value();
    RC_ASSERT(restarted.delay(Direction::up, arrival.octets, now) == wait);
    now += wait;
    kept.record(Direction::up, arrival.octets, now);
    restarted.record(Direction::up, arrival.octets, now);
    auto read = QuotaLedger::parse(restarted.to_text(), limits);
    RC_ASSERT(read.has_value());
    restarted = *read;
  }
}

RC_GTEST_PROP(QuotaLedgerProperty, NoClockMakesItWaitForEverOrGrow, ()) {
  const auto times = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 2'000'000'000));
  QuotaLedger ledger(QuotaLimits{.down = kLimit, .up = kLimit, .connections = 0});
  for (const auto second : times) {
    const QuotaTime now{std::chrono::seconds(second)};
    auto later = now;
    for (int turn = 0; turn < 3; ++turn)
      later += ledger.delay(Direction::down, kLimit / 3, later).value();
    RC_ASSERT(ledger.delay(Direction::down, kLimit / 3, later) == milliseconds(0));
    ledger.record(Direction::down, kLimit / 3, later);
    RC_ASSERT(ledger.to_text().size() <= QuotaLedger::kMostText);
    RC_ASSERT(QuotaLedger::parse(ledger.to_text()).has_value());
  }
}

RC_GTEST_PROP(QuotaLedgerProperty, AForecastIsWhatThenHappens, ()) {
  const auto first = *rc::gen::inRange<std::uint64_t>(0, kLimit);
  const auto rest = *rc::gen::inRange<std::uint64_t>(1, 3 * kLimit);
  QuotaLedger ledger(QuotaLimits{.down = 0, .up = kLimit, .connections = 0});
  ledger.record(Direction::up, first, kStart);
  const auto promised = ledger.forecast(Direction::up, rest, kStart);
  auto now = kStart;
  for (auto left = rest; left > 0;) {
    const auto moved = std::min<std::uint64_t>(left, kLimit / 64);
    now += ledger.delay(Direction::up, moved, now).value();
    ledger.record(Direction::up, moved, now);
    left -= moved;
  }
  RC_ASSERT(now == promised);
}

RC_GTEST_PROP(QuotaLedgerProperty, DamagedTextsAreRefusedOrMeanALedger, ()) {
  QuotaLedger ledger(QuotaLimits{.down = kLimit, .up = kLimit, .connections = 0});
  ledger.record(Direction::up, 5, kStart);
  ledger.record(Direction::down, 6, kStart + hours(3));
  ledger.hold({}, kStart);
  auto text = ledger.to_text();
  const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
  text[place] = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::inRange('0', ':'));
  if (auto read = QuotaLedger::parse(text, ledger.limits()); read) {
    RC_ASSERT(read->to_text() == text);
    RC_ASSERT(read->delay(Direction::up, kLimit, kStart + hours(4)).has_value());
  }
}

}  // namespace
}  // namespace mailferry::plan
