#include "imap/response/octet_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace mailferry::imap {

std::span<char> OctetBuffer::prepare(std::size_t hint) {
  if (begin_ == end_) rewind();
  if (capacity_ - end_ < hint) {
    // Moving no more than was used up since the last move keeps the total linear in what is received.
    if (size() <= begin_ && capacity_ - size() >= hint) {
      std::memmove(data_.get(), data_.get() + begin_, size());
      end_ = size();
      begin_ = 0;
    } else {
      grow(std::max(size() + hint, capacity_ < kSteadyCapacity ? kSteadyCapacity : capacity_ * 2));
    }
  }
  return {data_.get() + end_, capacity_ - end_};
}

void OctetBuffer::rewind() noexcept {
  clear();
  if (capacity_ <= 4 * kSteadyCapacity) return;
  data_.reset();
  capacity_ = 0;
}

void OctetBuffer::grow(std::size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  const auto octets = size();
  if (octets > 0) std::memcpy(larger.get(), data_.get() + begin_, octets);
  data_ = std::move(larger);
  capacity_ = capacity;
  begin_ = 0;
  end_ = octets;
}

}  // namespace mailferry::imap
