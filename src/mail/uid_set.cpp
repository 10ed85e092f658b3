#include "mail/uid_set.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace mailferry {
namespace {

constexpr std::size_t kShownOfBadText = 40;

Result<UidSet> refuse(std::string_view text, std::string_view why) {
  const bool long_text = text.size() > kShownOfBadText;
  return fail(
      ErrorKind::protocol, Scope::mailbox,
      fmt::format("the UID set \"{}{}\" is not valid: {}", text.substr(0, kShownOfBadText), long_text ? "…" : "", why));
}

/// Reads one number from the front of `text`; zero where there is none (zero itself is no UID).
Uid take_number(std::string_view& text) {
  Uid value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// Overlapping or adjacent, when `left.first <= right.first`.
bool touches(const UidRange& left, const UidRange& right) {
  return right.first <= std::uint64_t{left.last} + 1;
}

/// Appends to ascending ranges, joined with the last one where they touch.
void append_joined(std::vector<UidRange>& ranges, UidRange range) {
  if (!ranges.empty() && touches(ranges.back(), range)) {
    ranges.back().last = std::max(ranges.back().last, range.last);
  } else {
    ranges.push_back(range);
  }
}

std::size_t digits_of(Uid uid) {
  std::size_t digits = 1;
  for (; uid >= 10; uid /= 10)
    ++digits;
  return digits;
}

std::size_t text_size(const UidRange& range) {
  return digits_of(range.first) + (range.last == range.first ? 0 : 1 + digits_of(range.last));
}

}  // namespace

Result<UidSet> UidSet::parse(std::string_view text) {
  const std::string_view whole = text;
  std::vector<UidRange> found;
  do {
    UidRange range;
    range.first = range.last = take_number(text);
    if (text.starts_with(':')) {
      text.remove_prefix(1);
      range.last = take_number(text);
    }
    if (range.first == 0 || range.last == 0) return refuse(whole, "a number from 1 to 4294967295 was expected");
    if (range.first > range.last) std::swap(range.first, range.last);
    found.push_back(range);
    if (text.empty()) break;
    if (text.front() != ',') return refuse(whole, "a comma was expected");
    text.remove_prefix(1);
  } while (true);

  // Sorted once, so that a set in descending order does not cost a shift for each range.
  if (!std::is_sorted(found.begin(), found.end())) std::sort(found.begin(), found.end());
  UidSet set;
  for (const UidRange& range : found)
    append_joined(set.ranges_, range);
  return set;
}

void UidSet::add(UidRange range) {
  if (range.first > range.last) std::swap(range.first, range.last);
  if (range.last == 0) return;
  range.first = std::max<Uid>(range.first, 1);
  if (ranges_.empty() || range.first >= ranges_.back().first) return append_joined(ranges_, range);

  const auto from = std::lower_bound(
      ranges_.begin(), ranges_.end(), range,
      [](const UidRange& held, const UidRange& added) { return std::uint64_t{held.last} + 1 < added.first; });
  auto to = from;
  for (; to != ranges_.end() && to->first <= std::uint64_t{range.last} + 1; ++to) {
    range.first = std::min(range.first, to->first);
    range.last = std::max(range.last, to->last);
  }
  if (from == to) {
    ranges_.insert(from, range);
  } else {
    *from = range;
    ranges_.erase(from + 1, to);
  }
}

void UidSet::add(const UidSet& other) {
  if (other.empty() || &other == this) return;
  if (ranges_.empty() || other.ranges_.front().first >= ranges_.back().first) {
    for (const UidRange& range : other.ranges_)
      append_joined(ranges_, range);
    return;
  }
  std::vector<UidRange> merged;
  merged.reserve(ranges_.size() + other.ranges_.size());
  auto mine = ranges_.begin();
  auto theirs = other.ranges_.begin();
  while (mine != ranges_.end() || theirs != other.ranges_.end()) {
    const bool take_mine = theirs == other.ranges_.end() || (mine != ranges_.end() && mine->first <= theirs->first);
    append_joined(merged, take_mine ? *mine++ : *theirs++);
  }
  ranges_ = std::move(merged);
}

void UidSet::remove(const UidSet& other) {
  if (empty() || other.empty() || other.min() > max() || other.max() < min()) return;
  std::vector<UidRange> left;
  left.reserve(ranges_.size());
  auto hole = other.ranges_.begin();
  for (UidRange rest : ranges_) {
    while (hole != other.ranges_.end() && hole->last < rest.first)
      ++hole;
    bool consumed = false;
    for (auto cut = hole; cut != other.ranges_.end() && cut->first <= rest.last; ++cut) {
      if (cut->first > rest.first) left.push_back({rest.first, cut->first - 1});
      consumed = cut->last >= rest.last;
      if (consumed) break;
      rest.first = cut->last + 1;
      hole = cut;
    }
    if (!consumed) left.push_back(rest);
  }
  ranges_ = std::move(left);
}

void UidSet::remove(UidRange gone) {
  if (gone.first > gone.last) std::swap(gone.first, gone.last);
  auto at = std::lower_bound(ranges_.begin(), ranges_.end(), gone.first,
                             [](const UidRange& held, Uid first) { return held.last < first; });
  if (at == ranges_.end() || at->first > gone.last) return;
  if (at->first < gone.first) {
    const UidRange right{gone.last, at->last};
    at->last = gone.first - 1;
    ++at;
    if (right.last > right.first) {
      ranges_.insert(at, {right.first + 1, right.last});
      return;
    }
  }
  auto to = at;
  while (to != ranges_.end() && to->last <= gone.last)
    ++to;
  if (to != ranges_.end() && to->first <= gone.last) to->first = gone.last + 1;
  ranges_.erase(at, to);
}

bool UidSet::contains(Uid uid) const noexcept {
  const auto range = std::lower_bound(ranges_.begin(), ranges_.end(), uid,
                                      [](const UidRange& held, Uid wanted) { return held.last < wanted; });
  return range != ranges_.end() && range->first <= uid;
}

std::uint64_t UidSet::size() const noexcept {
  std::uint64_t count = 0;
  for (const UidRange& range : ranges_)
    count += range.size();
  return count;
}

UidSet UidSet::take_front(std::uint64_t count) {
  UidSet taken;
  auto range = ranges_.begin();
  for (; range != ranges_.end() && range->size() <= count; ++range)
    count -= range->size();
  taken.ranges_.assign(ranges_.begin(), range);
  if (range != ranges_.end() && count > 0) {
    const Uid last = range->first + static_cast<Uid>(count) - 1;
    taken.ranges_.push_back({range->first, last});
    range->first = last + 1;
  }
  ranges_.erase(ranges_.begin(), range);
  return taken;
}

UidSet UidSet::take_front_octets(std::size_t octets) {
  auto end = ranges_.begin();
  for (std::size_t used = 0; end != ranges_.end(); ++end) {
    used += text_size(*end) + (used == 0 ? 0 : 1);
    if (used > octets && end != ranges_.begin()) break;
  }
  UidSet taken;
  taken.ranges_.assign(ranges_.begin(), end);
  ranges_.erase(ranges_.begin(), end);
  return taken;
}

UidSet UidSet::intersection(const UidSet& other) const {
  UidSet common;
  auto mine = ranges_.begin();
  auto theirs = other.ranges_.begin();
  while (mine != ranges_.end() && theirs != other.ranges_.end()) {
    const UidRange both{std::max(mine->first, theirs->first), std::min(mine->last, theirs->last)};
    if (both.first <= both.last) common.ranges_.push_back(both);
    if (mine->last < theirs->last) {
      ++mine;
    } else {
      ++theirs;
    }
  }
  return common;
}

std::string UidSet::to_string() const {
  std::string text;
  for (const UidRange& range : ranges_) {
    if (!text.empty()) text += ',';
    fmt::format_to(std::back_inserter(text), "{}", range.first);
    if (range.last != range.first) fmt::format_to(std::back_inserter(text), ":{}", range.last);
  }
  return text;
}

}  // namespace mailferry
