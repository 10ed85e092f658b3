// Reads the items of a FETCH response. It can stop where a literal is to be streamed and go on behind it.
#pragma once

#include "imap/response/flag_memo.hpp"
#include "imap/response/lexer.hpp"
#include "imap/response/response.hpp"
#include "imap/response/usual_fetch.hpp"

#include <string>

namespace mailferry::imap {

class FetchReader {
 public:
  enum class Stop {
    end,        // ")" was read, or the text ended between items
    section,    // the text ended behind the name of a section: pending_section() is to be streamed
    malformed,  // or nested too deep
  };

  /// "* 12 FETCH (" and items. `lexer` stands behind "* ".
  Stop read(Lexer& lexer);
  /// The same for the usual form, much faster: `live` begins with the response. Nothing: it is to be read() instead.
  std::optional<UsualFetch> read_usual(std::string_view live);
  /// Notes that the pending section was streamed, and reads the items behind its literal.
  Stop read_on(Lexer& lexer);
  /// The same where the usual response ends with ")" at once. False: it was not the usual one, read_on() has to look.
  bool close_usual();
  /// Whether ")" was read. Servers that forget it are forgiven only when nothing was streamed.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// The name of the section that is to be, or is being, streamed.
  [[nodiscard]] const std::string& pending_section() const noexcept { return pending_.name; }
  [[nodiscard]] FetchData& data() noexcept { return data_; }
  /// For the next response.
  void start_over() noexcept;

 private:
  bool read_head(Lexer& lexer);
  Stop read_items(Lexer& lexer);
  bool read_item(Lexer& lexer, std::string_view name);
  bool read_section_name(Lexer& lexer, std::string_view word);
  bool read_section_data(Lexer& lexer);

  FlagMemo flags_;
  FetchData data_;
  FetchData::Section pending_;
  bool closed_ = false;
  bool usual_ = false;  // read by read_usual()
};

}  // namespace mailferry::imap
