#include "imap/response/flag_memo.hpp"

#include "imap/response/flag_list.hpp"

#include <algorithm>

namespace mailferry::imap {
namespace {

constexpr std::size_t kLongest = 200;

struct List {
  std::string_view text;  // empty: not one of words only, or too long to be kept
  std::size_t hash = 0;
};

List read_plain_list(std::string_view text) noexcept {
  static constexpr OctetSet kEnds{"()\"{\r\n"};
  if (!text.starts_with('(')) return {};
  const auto limit = std::min(text.size(), kLongest);
  std::size_t hash = 0;
  std::size_t at = 1;
  for (; at < limit && !kEnds.contains(text[at]); ++at)
    hash = hash * 31 + static_cast<unsigned char>(text[at]);
  return at < limit && text[at] == ')' ? List{text.substr(0, at + 1), hash} : List{};
}

}  // namespace

bool FlagMemo::read(Lexer& lexer, std::optional<Flags>& out) {
  const auto [text, hash] = read_plain_list(lexer.rest());
  auto& known = known_[hash % known_.size()];
  if (!text.empty() && known.text == text) {
    lexer.advance(text.size());
    out = known.flags;
    return true;
  }
  auto& flags = out.emplace();
  if (!read_flag_list(lexer, [&flags](std::string_view name) { flags.add(name); })) return false;
  if (!text.empty()) known = {.text = std::string(text), .flags = flags};
  return true;
}

}  // namespace mailferry::imap
