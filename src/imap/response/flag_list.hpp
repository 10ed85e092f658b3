// Reads "(\Seen $Label1)" wherever flags are listed.
#pragma once

#include "imap/response/lexer.hpp"

#include <concepts>
#include <string_view>

namespace mailferry::imap {

/// "\\Seen" as some servers write it is "\Seen".
[[nodiscard]] inline std::string_view without_doubled_backslash(std::string_view flag) noexcept {
  while (flag.starts_with("\\\\"))
    flag.remove_prefix(1);
  return flag;
}

/// Calls `add` with each flag; NIL is the empty list. Lists inside the list mean nothing and are passed over.
template <std::invocable<std::string_view> Add>
bool read_flag_list(Lexer& lexer, Add add) {
  if (!lexer.open()) return !lexer.too_deep() && is_nil(lexer.take_word());
  for (lexer.skip_blanks(); !lexer.close(); lexer.skip_blanks()) {
    if (lexer.peek() == '(') {
      Value ignored;
      if (!lexer.take_value(ignored)) return false;
    } else if (lexer.peek() == '"') {
      const auto flag = lexer.take_string();
      if (!flag) return false;
      add(without_doubled_backslash(*flag));
    } else {
      const auto flag = lexer.take_word();
      if (flag.empty()) return false;
      add(without_doubled_backslash(flag));
    }
  }
  return true;
}

}  // namespace mailferry::imap
