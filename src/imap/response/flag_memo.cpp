#include "imap/response/flag_memo.hpp"

#include "imap/response/flag_list.hpp"

namespace mailferry::imap {
namespace {

constexpr std::size_t kLongest = 200;

/// The lists of one account differ in their length, their last letters or both.
std::size_t slot_of(std::string_view list, std::size_t slots) noexcept {
  return list.size() < 3 ? 0 : (list.size() * 7 + static_cast<unsigned char>(list[list.size() - 2])) % slots;
}

/// The list if it is one of words only and not too long to be kept; else empty.
std::string_view plain_list(std::string_view text) noexcept {
  static constexpr OctetSet kEnds{"()\"{\r\n"};
  if (!text.starts_with('(')) return {};
  const auto end = 1 + kEnds.measure_others(text.substr(1, kLongest));
  return end >= text.size() || text[end] != ')' ? std::string_view() : text.substr(0, end + 1);
}

}  // namespace

bool FlagMemo::read(Lexer& lexer, std::optional<Flags>& out) {
  const auto text = plain_list(lexer.rest());
  auto& known = known_.at(slot_of(text, known_.size()));
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
