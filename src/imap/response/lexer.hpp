// Takes tokens off the front of one response that is complete, or complete up to a streamed literal. Literals stand in
// the text as they came: "{5}", a line end, five octets. Reading is lenient where servers are known to be loose.
#pragma once

#include "imap/response/response.hpp"
#include "imap/response/words.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailferry::imap {

class Lexer {
 public:
  /// `max_depth`: parentheses inside parentheses that take_value() follows.
  explicit Lexer(std::string_view text, int max_depth) : rest_(text), depth_left_(max_depth) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  /// Parentheses went deeper than allowed; the response is refused as a whole.
  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }

  void advance(std::size_t octets) noexcept { rest_.remove_prefix(octets); }
  bool skip(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() noexcept {
    while (peek() == ' ' || peek() == '\t')
      rest_.remove_prefix(1);
  }
  /// "(" that starts a list which the caller reads; counts towards the depth. Balanced by close().
  bool open() noexcept {
    if (peek() != '(') return false;
    if (depth_left_ <= 0) {
      too_deep_ = true;
      return false;
    }
    --depth_left_;
    rest_.remove_prefix(1);
    return true;
  }
  /// ")" if it is next.
  bool close() noexcept {
    if (!skip(')')) return false;
    ++depth_left_;
    return true;
  }

  /// Octets up to a blank, a parenthesis or the line end; may be empty.
  std::string_view take_word() noexcept {
    const auto word = rest_.substr(0, kEndsWord.measure_others(rest_));
    rest_.remove_prefix(word.size());
    return word;
  }
  /// A word of digits only, at most 64 bits; otherwise nullopt and nothing is taken.
  std::optional<std::uint64_t> take_number() noexcept {
    const auto before = rest_;
    const auto number = to_number(take_word());
    if (!number) rest_ = before;
    return number;
  }
  /// The same; a number that does not fit in 32 bits is not taken.
  std::optional<std::uint32_t> take_number32() noexcept {
    const auto before = rest_;
    const auto number = take_number();
    if (number && *number <= 0xFFFFFFFFU) return static_cast<std::uint32_t>(*number);
    rest_ = before;
    return {};
  }
  /// A quoted string or a literal; nullopt and nothing taken if neither is next, or it does not end.
  std::optional<std::string> take_string();
  /// A quoted string without backslashes, as it lies in the text; otherwise nullopt and nothing taken.
  std::optional<std::string_view> take_plain_quoted() noexcept;
  /// A string or a word; nullopt: neither is next.
  std::optional<std::string> take_astring();
  /// NIL, a string or a word. False: nothing of the kind is next.
  bool take_nstring(std::optional<std::string>& out);
  /// A mailbox name. Some servers send names with blanks and parentheses as they are (quirk x20): what is not a string
  /// goes on to the end of the text or to the last word before " (".
  std::optional<std::string> take_mailbox();
  /// Anything: NIL, word, string or list.
  bool take_value(Value& out);

 private:
  static constexpr OctetSet kEndsWord{" ()\r\n\t"};

  [[nodiscard]] bool at_string() const noexcept;
  std::optional<std::string_view> take_literal() noexcept;
  std::optional<std::string> take_quoted();

  std::string_view rest_;
  int depth_left_;
  bool too_deep_ = false;
};

}  // namespace mailferry::imap
