// The received octets that are not used up yet, in one piece of memory. Reading and using up are cheap: octets move
// only when room runs out at the end, and then no more of them than were used up before.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace mailferry::imap {

class OctetBuffer {
 public:
  /// Octets; what the buffer starts with and returns to after a large response.
  static constexpr std::size_t kSteadyCapacity = 192U << 10;

  /// At least `hint` octets of room behind the live ones. Views from live() are no longer valid.
  [[nodiscard]] std::span<char> prepare(std::size_t hint);
  /// The first `octets` of the last prepare() were filled.
  void commit(std::size_t octets) noexcept { end_ += octets; }

  [[nodiscard]] std::string_view live() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  /// Drops octets from the front; views of them stay readable until the next prepare().
  void consume(std::size_t octets) noexcept { begin_ += octets; }
  /// Gives back the memory, if nothing is in it.
  void make_small() noexcept {
    if (size() > 0) return;
    clear();
    data_.reset();
    capacity_ = 0;
  }
  void clear() noexcept { begin_ = end_ = 0; }

 private:
  void rewind() noexcept;
  void grow(std::size_t capacity);

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace mailferry::imap
