#include "imap/response/number_set.hpp"

#include <algorithm>
#include <charconv>

namespace mailferry::imap {
namespace {

bool take_uid(std::string_view& text, Uid& uid) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), uid);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// RFC 4315 §3: "2:4" and "4:2" are the same.
bool take_range(std::string_view& text, UidRange& range) {
  if (!take_uid(text, range.first)) return false;
  range.last = range.first;
  if (skip(text, ':') && !take_uid(text, range.last)) return false;
  if (range.last < range.first) std::swap(range.first, range.last);
  if (range.first == 0 && range.last > 0) range.first = 1;
  return true;
}

}  // namespace

std::optional<NumberSet> parse_number_set(std::string_view text) {
  NumberSet set;
  std::vector<UidRange> ranges;
  do {
    UidRange range;
    if (!take_range(text, range)) return {};
    if (range.last == 0) continue;
    if (!ranges.empty() && range.first <= ranges.back().last) set.ascending = false;
    ranges.push_back(range);
  } while (skip(text, ','));
  if (!text.empty()) return {};
  if (!set.ascending) std::ranges::sort(ranges);
  for (const auto& range : ranges)
    set.numbers.add(range);
  return set;
}

}  // namespace mailferry::imap
