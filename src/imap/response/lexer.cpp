#include "imap/response/lexer.hpp"

#include "base/ascii.hpp"
#include "imap/response/quoted.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::imap {
namespace {

/// Octets of "{5}" with its line end, or zero; `size` is then 5.
std::size_t measure_literal_head(std::string_view text, std::uint64_t& size) noexcept {
  std::size_t at = text.starts_with('~') ? 1 : 0;
  if (at >= text.size() || text[at] != '{') return 0;
  const auto first = ++at;
  while (at < text.size() && is_digit_ascii(text[at]))
    ++at;
  const auto number = to_number(text.substr(first, at - first));
  if (!number) return 0;
  if (at < text.size() && text[at] == '+') ++at;
  if (at >= text.size() || text[at] != '}') return 0;
  ++at;
  while (at < text.size() && text[at] == '\r')
    ++at;
  if (at >= text.size() || text[at] != '\n') return 0;
  size = *number;
  return at + 1;
}

/// Only \" and \\ are escapes; other backslashes were forgotten to be escaped and stay (Exchange, Domino).
std::string unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
    plain += text[at];
  }
  return plain;
}

}  // namespace

bool Lexer::at_string() const noexcept {
  return peek() == '"' || peek() == '{' || rest_.starts_with("~{");
}

std::optional<std::string_view> Lexer::take_literal() noexcept {
  std::uint64_t size = 0;
  const auto head = measure_literal_head(rest_, size);
  if (head == 0 || size > rest_.size() - head) return {};
  const auto content = rest_.substr(head, static_cast<std::size_t>(size));
  rest_.remove_prefix(head + content.size());
  return content;
}

std::optional<std::string_view> Lexer::take_plain_quoted() noexcept {
  if (peek() != '"') return {};
  const auto close = find_closing_quote(rest_, 0);
  if (close == std::string_view::npos || rest_.substr(0, close).contains('\\')) return {};
  const auto text = rest_.substr(1, close - 1);
  rest_.remove_prefix(close + 1);
  return text;
}

std::optional<std::string> Lexer::take_quoted() {
  if (const auto plain = take_plain_quoted()) return std::string(*plain);
  const auto close = find_closing_quote(rest_, 0);
  if (close == std::string_view::npos) return {};
  auto text = unescape(rest_.substr(1, close - 1));
  rest_.remove_prefix(close + 1);
  return text;
}

std::optional<std::string> Lexer::take_string() {
  if (peek() == '"') return take_quoted();
  if (const auto literal = take_literal()) return std::string(*literal);
  return {};
}

std::optional<std::string> Lexer::take_astring() {
  if (auto string = take_string()) return string;
  if (peek() == '"') return {};
  const auto word = take_word();
  if (word.empty()) return {};
  return std::string(word);
}

bool Lexer::take_nstring(std::optional<std::string>& out) {
  const bool string = at_string();
  auto text = take_astring();
  if (!text) return false;
  if (string || !is_nil(*text)) out = std::move(text);
  return true;
}

std::optional<std::string> Lexer::take_mailbox() {
  if (auto string = take_string()) return string;
  if (peek() == '"') return {};
  const auto end = std::min({rest_.find(" ("), rest_.find_first_of("\r\n"), rest_.size()});
  auto name = rest_.substr(0, end);
  if (name.empty() || name.front() == '(') return {};
  rest_.remove_prefix(end);
  name = name.substr(0, name.find_last_not_of(' ') + 1);
  return std::string(name);
}

bool Lexer::take_value(Value& out) {
  if (open()) {
    out.kind = Value::Kind::list;
    for (skip_blanks(); !close(); skip_blanks()) {
      if (!take_value(out.items.emplace_back())) return false;
    }
    return true;
  }
  if (too_deep_) return false;
  const bool string = at_string();
  auto text = take_astring();
  if (!text) return false;
  if (!string && is_nil(*text)) return true;
  out.kind = string ? Value::Kind::string : Value::Kind::atom;
  out.text = std::move(*text);
  return true;
}

}  // namespace mailferry::imap
