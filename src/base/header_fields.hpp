// Walks over the fields of a raw message header. It decodes nothing and copies nothing; garbage is stepped over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mailferry {

/// Views into the header block.
struct HeaderField {
  /// As written, without the colon and blanks before it.
  std::string_view name;
  /// Everything after the colon up to the end of the last continuation line: folds, blanks and CR still in it.
  std::string_view value;
};

/// Reads header blocks with LF or CRLF, with or without the empty line at the end; what follows that line is ignored.
/// Lines without a colon ("From " envelope lines, garbage) are passed over together with their continuation lines.
class HeaderFields {
 public:
  explicit HeaderFields(std::string_view header_block) noexcept : rest_(header_block) {}

  /// The next field, or nothing at the end of the header.
  [[nodiscard]] std::optional<HeaderField> next() noexcept;

 private:
  std::string_view rest_;
};

/// Appends a value in one line: every run of blanks, CR and LF becomes one blank, and none is left at the ends (RFC
/// 5322 §2.2.3 unfolding, and what servers do to blanks besides).
void append_unfolded(std::string& line, std::string_view value);

/// The same as a new text.
[[nodiscard]] std::string unfold(std::string_view value);

/// The unfolded value of the first field of that name (in any case), or nothing.
[[nodiscard]] std::optional<std::string> find_field(std::string_view header_block, std::string_view name);

}  // namespace mailferry
