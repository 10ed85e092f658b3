#include "report/event_key.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace mailferry::report {
namespace {

bool is_letter(char c) {
  const char lower = to_lower_ascii(c);
  return (lower >= 'a' && lower <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

/// What numbers, times and identifiers are made of, signs within them included.
bool is_of_word(char c) {
  return is_letter(c) || is_digit_ascii(c) || std::string_view(".:,-+_").find(c) != std::string_view::npos;
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, is_digit_ascii);
}

/// A mail address, or a mailbox such as Archive/2026; a message's identifier is in angle brackets.
bool is_name(std::string_view token) {
  if (token.find('<') != std::string_view::npos) return false;
  if (token.find('@') != std::string_view::npos) return true;
  return token.find('/') != std::string_view::npos && std::ranges::any_of(token, is_letter);
}

void append_without_numbers(std::string& key, std::string_view token) {
  while (!token.empty()) {
    const auto* end = std::ranges::find_if_not(token, is_of_word);
    const auto word = token.substr(0, static_cast<std::size_t>(end - token.begin()));
    if (has_digit(word)) {
      key += '#';
    } else {
      key += word;
    }
    token.remove_prefix(word.size());
    if (token.empty()) break;
    key += token.front();
    token.remove_prefix(1);
  }
}

}  // namespace

std::string event_key(std::string_view text) {
  std::string key;
  while (!text.empty()) {
    const auto token = text.substr(0, text.find(' '));
    if (token.find('<') != std::string_view::npos && token.find('@') != std::string_view::npos) {
      key += "<#>";
    } else if (is_name(token)) {
      key += token;
    } else {
      append_without_numbers(key, token);
    }
    text.remove_prefix(token.size());
    if (text.empty()) break;
    key += ' ';
    text.remove_prefix(1);
  }
  return key;
}

}  // namespace mailferry::report
