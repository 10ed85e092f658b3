// An ordered set of UIDs held as ranges: a million consecutive UIDs cost eight bytes.
#pragma once

#include "base/result.hpp"
#include "mail/uid.hpp"

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry {

/// Both ends belong to the range; first <= last; never zero.
struct UidRange {
  Uid first = 0;
  Uid last = 0;
  [[nodiscard]] std::uint64_t size() const noexcept { return std::uint64_t{last} - first + 1; }
  auto operator<=>(const UidRange&) const = default;
};

class UidSet {
 public:
  UidSet() = default;
  explicit UidSet(UidRange range) { add(range); }

  /// Reads "1,3:5,9:7" (RFC 9051 seq-number sets; ends in either order). "*" and zero are errors; so is an empty text.
  [[nodiscard]] static Result<UidSet> parse(std::string_view text);

  /// Adding in ascending order is O(1); otherwise O(ranges).
  void add(Uid uid) { add(UidRange{uid, uid}); }
  void add(UidRange range);
  void add(const UidSet& other);
  void remove(const UidSet& other);
  /// O(1) at the front of the set.
  void remove(UidRange range);

  [[nodiscard]] bool contains(Uid uid) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// Zero when empty.
  [[nodiscard]] Uid min() const noexcept { return ranges_.empty() ? 0 : ranges_.front().first; }
  [[nodiscard]] Uid max() const noexcept { return ranges_.empty() ? 0 : ranges_.back().last; }
  [[nodiscard]] const std::vector<UidRange>& ranges() const noexcept { return ranges_; }

  /// Takes up to `count` of the smallest UIDs out of the set.
  [[nodiscard]] UidSet take_front(std::uint64_t count);
  /// Takes smallest UIDs out of the set so that to_string() of what is taken has at most `octets` characters (≥ 1
  /// range).
  [[nodiscard]] UidSet take_front_octets(std::size_t octets);
  [[nodiscard]] UidSet intersection(const UidSet& other) const;

  /// The UIDs one after the other; the set must outlive it and stay as it is.
  class Each {
   public:
    /// Zero at the end.
    [[nodiscard]] Uid next() noexcept {
      if (range_ == end_) return 0;
      const Uid uid = next_;
      if (uid == range_->last) {
        ++range_;
        next_ = range_ == end_ ? 0 : range_->first;
      } else {
        ++next_;
      }
      return uid;
    }

   private:
    friend class UidSet;
    Each(const UidRange* range, const UidRange* end) noexcept
        : range_(range), end_(end), next_(range == end ? 0 : range->first) {}
    const UidRange* range_;
    const UidRange* end_;
    Uid next_;
  };
  [[nodiscard]] Each each() const noexcept { return {ranges_.data(), ranges_.data() + ranges_.size()}; }

  /// "1,3:5"; empty for the empty set.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const UidSet&) const = default;

 private:
  std::vector<UidRange> ranges_;  // ascending, disjoint, not adjacent
};

}  // namespace mailferry
