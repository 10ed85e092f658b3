// Flag lists that were read before: messages have few different ones, and most follow one with the same.
#pragma once

#include "imap/response/lexer.hpp"
#include "mail/flags.hpp"

#include <array>
#include <optional>
#include <string>

namespace mailferry::imap {

class FlagMemo {
 public:
  /// A flag list, as read_flag_list() reads it. False: it is malformed.
  bool read(Lexer& lexer, std::optional<Flags>& out);

 private:
  struct Known {
    std::string text;  // "(\Seen $Label1)"; empty: nothing is known here
    Flags flags;
  };
  std::array<Known, 64> known_;
};

}  // namespace mailferry::imap
