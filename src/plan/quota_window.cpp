#include "plan/quota_window.hpp"

#include <algorithm>

namespace mailferry::plan {
namespace {

using std::chrono::hours;

/// The last octet of a bucket may be an hour younger than its beginning.
constexpr hours kCounts{25};

std::int64_t hour_of(QuotaTime now) {
  return std::chrono::floor<hours>(now).time_since_epoch().count();
}

QuotaTime begin_of(std::int64_t hour) {
  return QuotaTime(hours(hour));
}

std::uint64_t octets_of(const QuotaWindow::Bucket& bucket, Direction direction) {
  return bucket.octets[static_cast<std::size_t>(direction)];
}

void add_bounded(std::uint64_t& sum, std::uint64_t octets) {
  sum = octets > QuotaWindow::kMostOctets - sum ? QuotaWindow::kMostOctets : sum + octets;
}

}  // namespace

QuotaTime QuotaWindow::end_of(const Bucket& bucket, QuotaTime now) const {
  const auto end = begin_of(bucket.hour) + kCounts;
  if (bucket.hour <= hour_of(now)) return end;
  return std::min(end, ahead_since_.value_or(now) + kCounts);
}

void QuotaWindow::observe(QuotaTime now) {
  if (buckets_.empty() || buckets_.back().hour <= hour_of(now)) {
    ahead_since_.reset();
    return;
  }
  if (!ahead_since_ || *ahead_since_ > now) ahead_since_ = now;
  if (now - *ahead_since_ < kCounts) return;
  std::erase_if(buckets_, [hour = hour_of(now)](const Bucket& bucket) { return bucket.hour > hour; });
  ahead_since_.reset();
}

void QuotaWindow::add(Direction direction, std::uint64_t octets, QuotaTime now) {
  observe(now);
  const auto hour = hour_of(now);
  auto place = std::ranges::lower_bound(buckets_, hour, {}, &Bucket::hour);
  if (place == buckets_.end() || place->hour != hour)
    place = buckets_.insert(place, Bucket{.hour = hour, .octets = {}});
  add_bounded(place->octets[static_cast<std::size_t>(direction)], octets);
  if (buckets_.size() > kMostBuckets) join_oldest(now);
}

void QuotaWindow::join_oldest(QuotaTime now) {
  const auto oldest = buckets_.front();
  buckets_.erase(buckets_.begin());
  if (end_of(oldest, now) <= now) return;
  for (std::size_t i = 0; i < oldest.octets.size(); ++i)
    add_bounded(buckets_.front().octets[i], oldest.octets[i]);
}

std::uint64_t QuotaWindow::used(Direction direction, QuotaTime now) const {
  std::uint64_t sum = 0;
  for (const auto& bucket : buckets_) {
    if (end_of(bucket, now) > now) add_bounded(sum, octets_of(bucket, direction));
  }
  return sum;
}

std::vector<QuotaWindow::Relief> QuotaWindow::reliefs(Direction direction, QuotaTime now) const {
  std::vector<Relief> reliefs;
  for (const auto& bucket : buckets_) {
    const Relief relief{.when = end_of(bucket, now), .octets = octets_of(bucket, direction)};
    if (relief.when > now && relief.octets > 0) reliefs.push_back(relief);
  }
  std::ranges::stable_sort(reliefs, {}, &Relief::when);
  return reliefs;
}

}  // namespace mailferry::plan
