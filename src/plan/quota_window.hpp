// What an account has moved in the last 24 hours, in buckets of an hour. Providers count over a rolling day, so there
// is no midnight here; an octet counts until it is surely older than a day. Pure: the time comes in.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mailferry::plan {

using QuotaTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Seen from us: down is what is fetched.
enum class Direction : std::uint8_t { down, up };

/// A clock that was put forward and back again, or has not been set yet, loses no count: what lies in the future counts
/// like what moved just now, until the clock has reached it or a day has passed from when that was first seen.
class QuotaWindow {
 public:
  struct Bucket {
    std::int64_t hour = 0;  // since 1970
    std::array<std::uint64_t, 2> octets{};
    bool operator==(const Bucket&) const = default;
  };
  /// So much stops counting at that time.
  struct Relief {
    QuotaTime when;
    std::uint64_t octets = 0;
  };

  /// Buckets beyond this are joined with their neighbours.
  static constexpr std::size_t kMostBuckets = 64;
  /// Larger sums stay at this.
  static constexpr std::uint64_t kMostOctets = std::uint64_t{1} << 53;

  QuotaWindow() = default;
  /// The buckets ascend, at most kMostBuckets with at most kMostOctets each.
  QuotaWindow(std::vector<Bucket> buckets, std::optional<QuotaTime> ahead_since)
      : buckets_(std::move(buckets)), ahead_since_(ahead_since) {}

  /// Takes note of the clock: forgets a future that does not come.
  void observe(QuotaTime now);
  void add(Direction direction, std::uint64_t octets, QuotaTime now);
  [[nodiscard]] std::uint64_t used(Direction direction, QuotaTime now) const;
  /// When what counts now stops counting, in the order of time.
  [[nodiscard]] std::vector<Relief> reliefs(Direction direction, QuotaTime now) const;

  [[nodiscard]] const std::vector<Bucket>& buckets() const noexcept { return buckets_; }
  /// When buckets in the future were first seen.
  [[nodiscard]] std::optional<QuotaTime> ahead_since() const noexcept { return ahead_since_; }

 private:
  [[nodiscard]] QuotaTime end_of(const Bucket& bucket, QuotaTime now) const;
  void join_oldest(QuotaTime now);

  std::vector<Bucket> buckets_;  // by hour
  std::optional<QuotaTime> ahead_since_;
};

}  // namespace mailferry::plan
