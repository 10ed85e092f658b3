// Octets that were received and not yet used. Internal to command/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mailferry::imap {

class InputBuffer {
 public:
  /// At least `hint` octets of room. Views that were taken are void afterwards.
  [[nodiscard]] std::span<char> prepare(std::size_t hint);
  void commit(std::size_t octets) { end_ += octets; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }

  struct Line {
    std::string_view text;   // without CRLF or LF
    std::size_t octets = 0;  // with it
  };
  /// Takes one line; nullopt: its end is not there yet. Octets are looked at once, however they come.
  [[nodiscard]] std::optional<Line> take_line();

  /// Takes up to `most` octets, fewer when fewer are there.
  [[nodiscard]] std::string_view take(std::uint64_t most);

 private:
  std::vector<char> octets_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t searched_ = 0;  // octets from begin_ on that hold no LF
};

}  // namespace mailferry::imap
