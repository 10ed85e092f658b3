#include "imap/command/literal_header.hpp"

#include "imap/syntax/characters.hpp"

#include <algorithm>
#include <charconv>

namespace mailferry::imap {

std::optional<LiteralHeader> find_literal_header(std::string_view line) noexcept {
  if (!line.ends_with('}')) return std::nullopt;
  LiteralHeader header;
  header.position = line.rfind('{');
  if (header.position == std::string_view::npos) return std::nullopt;
  auto digits = line.substr(header.position + 1, line.size() - header.position - 2);
  if (digits.ends_with('+')) {
    header.synchronizing = false;
    digits.remove_suffix(1);
  }
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), header.size);
  if (error != std::errc{}) header.size = std::numeric_limits<std::uint64_t>::max();
  header.binary = header.position > 0 && line[header.position - 1] == '~';
  if (header.binary) --header.position;
  return header;
}

}  // namespace mailferry::imap
