#include "stores/imap/listing_count.hpp"

#include <algorithm>

namespace mailferry::stores::imap {
namespace {

/// What comes behind `gone` moves up by one.
UidSet without(const UidSet& numbers, std::uint32_t gone) {
  UidSet moved;
  for (const auto& range : numbers.ranges()) {
    const std::uint32_t first = range.first > gone ? range.first - 1 : range.first;
    const std::uint32_t last = range.last >= gone ? range.last - 1 : range.last;
    if (first <= last && first != 0) moved.add(UidRange{first, last});
  }
  return moved;
}

}  // namespace

void ListingCount::on_listed(std::uint32_t sequence_number, Uid uid) {
  listed_.add(uid);
  if (sequence_number != 0) listed_numbers_.add(sequence_number);
}

void ListingCount::on_exists(std::uint32_t count) {
  if (count > announced_) arrived_ += count - announced_;
  announced_ = count;
}

void ListingCount::on_expunge(std::uint32_t sequence_number) {
  announced_ -= std::min<std::uint64_t>(announced_, 1);
  if (!listed_numbers_.contains(sequence_number)) lower(1);
  listed_numbers_ = without(listed_numbers_, sequence_number);
}

void ListingCount::on_vanished(const UidSet& uids) {
  announced_ -= std::min(announced_, uids.size());
  lower(uids.size() - uids.intersection(listed_).size());
}

void ListingCount::lower(std::uint64_t expunged) {
  if (!is_search_) expected_ -= std::min(expected_, expunged);
}

/// Not more than were announced: a server's UIDNEXT may be too low.
std::uint64_t ListingCount::arrivals_listed() const {
  auto above = listed_;
  if (uid_next_ > 1) above.remove(UidRange{1, uid_next_ - 1});
  return std::min(above.size(), arrived_);
}

std::uint64_t ListingCount::missing() const {
  const auto there = listed_.size() - arrivals_listed();
  return expected_ - std::min(expected_, there);
}

}  // namespace mailferry::stores::imap
