#include "imap/response/flag_memo.hpp"

#include "imap/response/flag_list.hpp"

#include <algorithm>

namespace mailferry::imap {
namespace {

constexpr std::size_t kLongest = 200;

/// Up to the first ")"; empty: no list, or one that is too long to be kept.
std::string_view cut_list(std::string_view text) noexcept {
  if (!text.starts_with('(')) return {};
  const auto end = text.substr(0, kLongest).find(')');
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

/// A list of words only, which says the same wherever it stands.
bool is_plain(std::string_view list) noexcept {
  static constexpr OctetSet kNotPlain{"(\"{\r\n"};
  return list.size() >= 2 && std::ranges::none_of(list.substr(1), [](char c) { return kNotPlain.contains(c); });
}

/// Looks at a few octets only: lists differ in their length, or in the words in the middle and at the end.
std::size_t hash_of(std::string_view list) noexcept {
  const auto at = [list](std::size_t place) { return static_cast<unsigned char>(list[place]); };
  return list.size() < 4 ? list.size()
                         : list.size() + 7U * at(2) + 31U * at(list.size() / 2) + 5U * at(list.size() - 3);
}

}  // namespace

bool FlagMemo::read(Lexer& lexer, std::optional<Flags>& out) {
  const auto text = cut_list(lexer.rest());
  auto& known = known_[hash_of(text) % known_.size()];
  if (!text.empty() && known.text == text) {
    lexer.advance(text.size());
    out = known.flags;
    return true;
  }
  auto& flags = out.emplace();
  if (!read_flag_list(lexer, [&flags](std::string_view name) { flags.add(name); })) return false;
  if (is_plain(text)) known = {.text = std::string(text), .flags = flags};
  return true;
}

}  // namespace mailferry::imap
