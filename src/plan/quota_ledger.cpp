#include "plan/quota_ledger.hpp"

#include <algorithm>
#include <cmath>

namespace mailferry::plan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr hours kDay{24};
/// Up to this share of a limit nothing waits.
constexpr double kFreeShare = 0.5;
/// How late the slowing down bites: the rate at three quarters of the limit, as a multiple of the limit a day.
constexpr double kPace = 8;
/// No wait is longer; there is always something that becomes free before.
constexpr milliseconds kLongestWait = hours(26);
/// The steps of a forecast: parts of the limit, and how many of them are played through.
constexpr std::uint64_t kForecastParts = 64;
constexpr int kForecastSteps = 512;
constexpr milliseconds kLongestForecast = hours(24 * 3650);

struct Preset {
  std::string_view name;
  QuotaLimits limits;
};
constexpr std::array kPresets{
    Preset{"none", {}},
    Preset{"gmail", {.down = 2'500 * kMegabyte, .up = 500 * kMegabyte, .connections = 15}},
};

/// The pause before `octets` that lift what is used to `level`.
milliseconds pause_at(std::uint64_t level, std::uint64_t octets, std::uint64_t limit) {
  const double share = static_cast<double>(level) / static_cast<double>(limit);
  const double depth = (share - kFreeShare) / (1 - kFreeShare);  // 0: nothing waits yet, 1: the limit
  if (depth <= 0) return {};
  if (depth >= 1) return kLongestWait;
  const double day = static_cast<double>(milliseconds(kDay).count());
  const double even = day * static_cast<double>(octets) / static_cast<double>(limit);
  const double pause = even * depth / (kPace * (1 - depth));
  return milliseconds(static_cast<std::int64_t>(std::ceil(std::min(pause, static_cast<double>(kLongestWait.count())))));
}

std::size_t index_of(Direction direction) {
  return static_cast<std::size_t>(direction);
}

}  // namespace

std::optional<QuotaLimits> quota_preset(std::string_view name) {
  const auto* found = std::ranges::find(kPresets, name, &Preset::name);
  if (found == kPresets.end()) return {};
  return found->limits;
}

std::optional<milliseconds> QuotaLedger::delay(Direction direction, std::uint64_t octets, QuotaTime now) {
  observe(now);
  const auto most = limit(direction);
  if (most != 0 && octets > most) return {};
  if (most == 0 || octets == 0) return held_for(now);
  return std::max(held_for(now), due(direction, octets, now) - now);
}

/// What a clock that was put back shows to be in the future was just now: pauses run from here.
void QuotaLedger::observe(QuotaTime now) {
  window_.observe(now);
  if (hold_) hold_->since = std::min(hold_->since, now);
  for (auto& moved : last_moved_) {
    if (moved) moved = std::min(*moved, now);
  }
}

void QuotaLedger::record(Direction direction, std::uint64_t octets, QuotaTime now) {
  if (octets == 0) return;
  window_.add(direction, octets, now);
  last_moved_[index_of(direction)] = now;
}

QuotaTime QuotaLedger::due(Direction direction, std::uint64_t octets, QuotaTime now) const {
  auto level = window_.used(direction, now);
  auto earliest = due_at_level(direction, octets, level, now, now);
  for (const auto& relief : window_.reliefs(direction, now)) {
    if (earliest <= relief.when) break;
    level -= std::min(level, relief.octets);
    earliest = std::min(earliest, due_at_level(direction, octets, level, relief.when, now));
  }
  return earliest;
}

QuotaTime QuotaLedger::due_at_level(Direction direction, std::uint64_t octets, std::uint64_t used, QuotaTime earliest,
                                    QuotaTime now) const {
  const auto most = limit(direction);
  if (used > most || octets > most - used) return now + kLongestWait;
  const auto last = last_moved_[index_of(direction)];
  if (used == 0 || !last) return earliest;
  return std::max(earliest, *last + pause_at(used + octets, octets, most));
}

void QuotaLedger::hold(const ServerPause& pause, QuotaTime now) {
  int in_a_row = 1;
  if (hold_) {
    const auto rest = std::max<milliseconds>(hold_->length, hours(1));
    if (now <= hold_->since + hold_->length + rest) in_a_row = std::min(hold_->in_a_row + 1, 100);
  }
  const auto left = held_for(now);
  hold_ = Hold{.since = now, .length = std::max(left, length_of(pause, in_a_row)), .in_a_row = in_a_row};
}

milliseconds QuotaLedger::held_for(QuotaTime now) const {
  if (!hold_) return {};
  const auto since = std::min(hold_->since, now);
  return std::max(milliseconds(0), since + hold_->length - now);
}

std::optional<QuotaTime> QuotaLedger::held_until(QuotaTime now) const {
  const auto left = held_for(now);
  if (left == milliseconds(0)) return {};
  return now + left;
}

QuotaTime QuotaLedger::forecast(Direction direction, std::uint64_t octets, QuotaTime now) const {
  const auto most = limit(direction);
  auto time = now + held_for(now);
  if (most == 0) return time;
  QuotaLedger future = *this;
  const auto part = std::max<std::uint64_t>(1, most / kForecastParts);
  for (int step = 0; step < kForecastSteps && octets > 0; ++step) {
    const auto moved = std::min(part, octets);
    time += future.delay(direction, moved, time).value_or(milliseconds(0));
    future.record(direction, moved, time);
    octets -= moved;
  }
  if (octets == 0) return time;
  const double days = static_cast<double>(octets) / static_cast<double>(std::max(part, future.used(direction, time)));
  const double rest = days * static_cast<double>(milliseconds(kDay).count());
  return time + milliseconds(static_cast<std::int64_t>(std::min(rest, static_cast<double>(kLongestForecast.count()))));
}

}  // namespace mailferry::plan
