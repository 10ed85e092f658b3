#include "base/header_fields.hpp"

#include "base/ascii.hpp"

#include <array>

namespace mailferry {
namespace {

/// Each octet as itself, but tab and line ends as a blank.
constexpr std::array<char, 256> kBlanksAsOne = [] {
  std::array<char, 256> shown{};
  for (std::size_t i = 0; i < shown.size(); ++i)
    shown[i] = static_cast<char>(i);
  shown['\t'] = shown['\r'] = shown['\n'] = ' ';
  return shown;
}();

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// The offset behind the line feed of the line that begins at `from`, or the size where there is none.
std::size_t line_end(std::string_view text, std::size_t from) {
  const std::size_t feed = text.find('\n', from);
  return feed == std::string_view::npos ? text.size() : feed + 1;
}

std::string_view without_blanks_at_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<HeaderField> HeaderFields::next() noexcept {
  while (!rest_.empty() && !rest_.starts_with('\n') && !rest_.starts_with("\r\n")) {
    const std::size_t first_line_end = line_end(rest_, 0);
    std::size_t end = first_line_end;
    while (end < rest_.size() && is_blank(rest_[end]))
      end = line_end(rest_, end);
    const std::string_view field = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (is_blank(field.front())) continue;  // a continuation of nothing
    const std::size_t colon = field.substr(0, first_line_end).find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    return HeaderField{without_blanks_at_end(field.substr(0, colon)), field.substr(colon + 1)};
  }
  rest_ = {};
  return std::nullopt;
}

void append_unfolded(std::string& line, std::string_view value) {
  const std::size_t begin = line.size();
  line.resize(begin + value.size());
  char* out = line.data() + begin;
  // Without branches, as this runs over every header of every message. The blank "before" the value drops leading ones.
  unsigned after_blank = 1;
  for (const char c : value) {
    const char shown = kBlanksAsOne[static_cast<unsigned char>(c)];
    const unsigned blank = shown == ' ' ? 1 : 0;
    *out = shown;
    out += 1 - (blank & after_blank);
    after_blank = blank;
  }
  std::size_t end = static_cast<std::size_t>(out - line.data());
  if (end > begin && line[end - 1] == ' ') --end;
  line.resize(end);
}

std::string unfold(std::string_view value) {
  std::string line;
  append_unfolded(line, value);
  return line;
}

std::optional<std::string> find_field(std::string_view header_block, std::string_view name) {
  HeaderFields fields(header_block);
  while (const auto field = fields.next()) {
    if (equal_ascii_nocase(field->name, name)) return unfold(field->value);
  }
  return std::nullopt;
}

}  // namespace mailferry
