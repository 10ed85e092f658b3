#include "imap/command/input_buffer.hpp"

#include <algorithm>

namespace mailferry::imap {

std::span<char> InputBuffer::prepare(std::size_t hint) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (octets_.size() - end_ < hint) {
    std::copy(octets_.data() + begin_, octets_.data() + end_, octets_.data());
    end_ -= begin_;
    begin_ = 0;
    if (octets_.size() - end_ < hint) octets_.resize(end_ + hint);
  }
  return std::span(octets_).subspan(end_);
}

std::optional<InputBuffer::Line> InputBuffer::take_line() {
  const std::string_view all(octets_.data() + begin_, size());
  const auto found = all.find('\n', searched_);
  if (found == std::string_view::npos) {
    searched_ = all.size();
    return std::nullopt;
  }
  searched_ = 0;
  begin_ += found + 1;
  auto text = all.substr(0, found);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return Line{text, found + 1};
}

std::string_view InputBuffer::take(std::uint64_t most) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, size()));
  const std::string_view taken(octets_.data() + begin_, count);
  begin_ += count;
  searched_ = 0;
  return taken;
}

}  // namespace mailferry::imap
