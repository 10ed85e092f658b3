// What is still to be sent of several pieces of memory, in the form that the kernel takes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <sys/uio.h>

namespace mailferry::net {

/// The pieces in order; each one must stay where it is until it was sent.
using Pieces = std::span<const std::span<const char>>;

class PieceCursor {
 public:
  explicit PieceCursor(Pieces pieces) noexcept : pieces_(pieces) { skip_empty(); }

  [[nodiscard]] bool at_end() const noexcept { return pieces_.empty(); }
  /// The next of them, as many as one call of the kernel is given; valid until the next call.
  [[nodiscard]] std::span<iovec> next() noexcept {
    std::size_t count = 0;
    std::size_t skipped = sent_of_first_;
    for (const std::span<const char> piece : pieces_.first(std::min(pieces_.size(), vectors_.size()))) {
      // The kernel only reads; its type knows no const.
      vectors_[count++] = {const_cast<char*>(piece.data()) + skipped, piece.size() - skipped};
      skipped = 0;
    }
    return std::span(vectors_).first(count);
  }
  /// The first `octets` of what next() gave were sent.
  void advance(std::size_t octets) noexcept {
    for (; octets > 0 && octets >= pieces_.front().size() - sent_of_first_; sent_of_first_ = 0) {
      octets -= pieces_.front().size() - sent_of_first_;
      pieces_ = pieces_.subspan(1);
      if (pieces_.empty()) return;
    }
    sent_of_first_ += octets;
    skip_empty();
  }

 private:
  void skip_empty() noexcept {
    while (!pieces_.empty() && pieces_.front().size() == sent_of_first_) {
      pieces_ = pieces_.subspan(1);
      sent_of_first_ = 0;
    }
  }

  Pieces pieces_;
  std::size_t sent_of_first_ = 0;
  std::array<iovec, 512> vectors_;
};

}  // namespace mailferry::net
