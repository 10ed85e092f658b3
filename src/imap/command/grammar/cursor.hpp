// Reads the terminals of the command grammar (RFC 9051 §9) from a complete command. Internal to command/.
#pragma once

#include "base/result.hpp"
#include "imap/command/grammar/command_text.hpp"
#include "imap/command/message_commands.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::imap {

/// A position in a command. What is not as the grammar wants is an error of kind protocol whose message is fit for the
/// text of a BAD response: it quotes nothing of what the client sent.
class Cursor {
 public:
  /// `text` must outlive the cursor. `depth` bounds the nesting of lists and search keys.
  Cursor(const CommandText& text, int depth) : text_(text), depth_left_(depth) {}

  [[nodiscard]] bool at_end() const noexcept { return position_ == text_.octets.size(); }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  /// The next character of the text; '\0' at the end and at a literal.
  [[nodiscard]] char peek() const noexcept;
  /// At the header of the last literal of the text.
  [[nodiscard]] bool at_last_literal() const noexcept {
    return literal_here() != nullptr && next_literal_ + 1 == text_.literals.size();
  }
  [[nodiscard]] bool at_binary_literal() const noexcept { return literal_here() != nullptr && literal_here()->binary; }
  /// Takes the character if it is the next one.
  bool accept(char c) noexcept;
  /// Whether these characters come next, in any case of letters.
  [[nodiscard]] bool looking_at(std::string_view text) const noexcept;
  /// Takes the characters if they are next, in any case of letters.
  bool accept_text(std::string_view text) noexcept;
  /// Takes the word if it is next, in any case, and nothing that could continue an atom follows.
  bool accept_word(std::string_view upper) noexcept;
  [[nodiscard]] Result<> expect(char c);
  [[nodiscard]] Result<> space() { return expect(' '); }
  [[nodiscard]] Result<> end() const;

  [[nodiscard]] Result<std::string> tag();
  [[nodiscard]] Result<std::string> atom();
  /// An atom, as upper case.
  [[nodiscard]] Result<std::string> word();
  /// Letters, digits, '.', '-' and '_', as upper case: a FETCH item without its section.
  [[nodiscard]] Result<std::string> name();
  [[nodiscard]] Result<std::string> astring();
  [[nodiscard]] Result<std::string> string();
  /// nullopt: NIL. literal8 is allowed.
  [[nodiscard]] Result<std::optional<std::string>> nstring();
  [[nodiscard]] Result<std::string> list_mailbox();
  [[nodiscard]] Result<std::uint32_t> number();
  [[nodiscard]] Result<std::uint32_t> nz_number();
  /// At most 2^63 - 1 (RFC 9051 §9 number64, RFC 7162 mod-sequence-valzer).
  [[nodiscard]] Result<std::uint64_t> number64();
  [[nodiscard]] Result<SequenceSet> sequence_set();
  [[nodiscard]] Result<PartialRange> partial_range();
  [[nodiscard]] Result<std::string> flag();
  /// "(\Seen a)"; "\Recent" is dropped, it cannot be set.
  [[nodiscard]] Result<Flags> flag_list();
  [[nodiscard]] Result<InternalDate> date_time();
  [[nodiscard]] Result<std::chrono::year_month_day> date();

  /// "(" item *(SP item) ")"; `item` reads one. An empty list is an error unless `Empty::allowed`.
  enum class Empty { refused, allowed };
  template <class Item>
  [[nodiscard]] Result<> list(Empty empty, Item item) {
    CHECK_OK(expect('('));
    CHECK_OK(enter());
    if (empty == Empty::refused || peek() != ')') {
      do {
        CHECK_OK(item());
      } while (accept(' '));
    }
    leave();
    return expect(')');
  }

  /// Counts one level of nesting; an error when there are too many.
  [[nodiscard]] Result<> enter();
  void leave() noexcept { ++depth_left_; }

 private:
  [[nodiscard]] std::size_t text_end() const noexcept;
  [[nodiscard]] std::string_view rest() const noexcept;
  [[nodiscard]] const CommandText::Literal* literal_here() const noexcept;
  [[nodiscard]] std::string_view take_while(bool (*wanted)(char)) noexcept;
  [[nodiscard]] Result<std::string> quoted();
  [[nodiscard]] std::string literal();
  [[nodiscard]] Result<std::uint64_t> digits(std::uint64_t largest);
  [[nodiscard]] Result<std::uint32_t> sequence_number();
  [[nodiscard]] Result<std::int64_t> signed_position(bool negative);

  const CommandText& text_;
  std::size_t position_ = 0;
  std::size_t next_literal_ = 0;
  int depth_left_;
};

/// An error for Cursor's callers; `what` ends a sentence: "a mailbox name is expected".
[[nodiscard]] std::unexpected<Error> syntax_error(std::string what);

}  // namespace mailferry::imap
