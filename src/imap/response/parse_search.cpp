// Answers that are mostly numbers: SEARCH, SORT, ESEARCH, THREAD, VANISHED.
#include "base/ascii.hpp"
#include "imap/response/lexer.hpp"
#include "imap/response/number_set.hpp"
#include "imap/response/untagged.hpp"

#include <algorithm>
#include <charconv>

namespace mailferry::imap {
namespace {

/// RFC 7162 §3.1.5: "(MODSEQ 917162500)"; other lists are passed over.
bool read_modseq_list(Lexer& lexer, std::optional<ModSeq>& modseq) {
  Value value;
  if (!lexer.take_value(value)) return false;
  if (value.items.size() == 2 && equal_ascii_nocase(value.items[0].text, "MODSEQ")) {
    modseq = to_number(value.items[1].text);
  }
  return true;
}

std::optional<UntaggedData> read_numbers(Lexer& lexer, bool sort) {
  SearchData data;
  data.sort = sort;
  for (lexer.skip_blanks(); !lexer.at_end(); lexer.skip_blanks()) {
    if (lexer.peek() == '(') {
      if (!read_modseq_list(lexer, data.modseq)) return {};
      continue;
    }
    const auto number = lexer.take_number32();
    if (!number) return {};
    if (*number != 0) data.numbers.push_back(*number);
  }
  return data;
}

/// RFC 4466 §2.6.2 search-correlator: (TAG "a1"); RFC 7377 adds MAILBOX and UIDVALIDITY.
bool read_correlator(Lexer& lexer, ESearchData& data) {
  Value value;
  if (!lexer.take_value(value)) return false;
  for (std::size_t at = 0; at + 1 < value.items.size(); at += 2) {
    if (equal_ascii_nocase(value.items[at].text, "TAG")) data.tag = std::move(value.items[at + 1].text);
  }
  return true;
}

/// "-1:-100" or "23500:24000" (RFC 9394 §4).
bool read_partial_range(std::string_view text, ESearchData::Partial& partial) {
  const auto* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, partial.first);
  if (first.ec != std::errc{}) return false;
  partial.last = partial.first;
  if (first.ptr == end) return true;
  return *first.ptr == ':' && std::from_chars(first.ptr + 1, end, partial.last).ptr == end;
}

bool read_partial(Lexer& lexer, ESearchData& data) {
  if (!lexer.open()) return false;
  ESearchData::Partial partial;
  lexer.skip_blanks();
  if (!read_partial_range(lexer.take_word(), partial)) return false;
  lexer.skip_blanks();
  const auto word = lexer.take_word();
  if (!word.empty() && !is_nil(word)) {
    auto set = parse_number_set(word);
    if (!set) return false;
    partial.uids = std::move(set->numbers);
  }
  data.partial = std::move(partial);
  lexer.skip_blanks();
  return lexer.close();
}

bool read_all(Lexer& lexer, ESearchData& data) {
  const auto word = lexer.take_word();
  if (is_nil(word)) return true;
  auto set = parse_number_set(word);
  if (!set) return false;
  data.all = std::move(set->numbers);
  return true;
}

template <class T>
bool read_into(std::optional<T>& out, std::optional<T> number, Lexer& lexer) {
  out = number;
  Value skipped;
  return number || lexer.take_value(skipped);
}

/// RFC 4731 §3.1 and its extensions; unknown items are passed over.
bool read_result(Lexer& lexer, std::string_view name, ESearchData& data) {
  if (equal_ascii_nocase(name, "ALL")) return read_all(lexer, data);
  if (equal_ascii_nocase(name, "PARTIAL")) return read_partial(lexer, data);
  if (equal_ascii_nocase(name, "COUNT")) return read_into(data.count, lexer.take_number(), lexer);
  if (equal_ascii_nocase(name, "MODSEQ")) return read_into(data.modseq, lexer.take_number(), lexer);
  if (equal_ascii_nocase(name, "MIN")) return read_into(data.min, lexer.take_number32(), lexer);
  if (equal_ascii_nocase(name, "MAX")) return read_into(data.max, lexer.take_number32(), lexer);
  Value skipped;
  return lexer.take_value(skipped);
}

}  // namespace

std::optional<UntaggedData> read_search(Lexer& lexer) {
  return read_numbers(lexer, false);
}
std::optional<UntaggedData> read_sort(Lexer& lexer) {
  return read_numbers(lexer, true);
}

std::optional<UntaggedData> read_esearch(Lexer& lexer) {
  ESearchData data;
  if (lexer.peek() == '(' && !read_correlator(lexer, data)) return {};
  for (lexer.skip_blanks(); !lexer.at_end(); lexer.skip_blanks()) {
    if (lexer.peek() == '(') {  // as in SEARCH; some servers do
      if (!read_modseq_list(lexer, data.modseq)) return {};
      continue;
    }
    const auto name = lexer.take_word();
    if (name.empty()) return {};
    if (equal_ascii_nocase(name, "UID")) {
      data.uid = true;
      continue;
    }
    lexer.skip_blanks();
    if (!read_result(lexer, name, data)) return {};
  }
  return data;
}

std::optional<UntaggedData> read_thread(Lexer& lexer) {
  ThreadData data;
  for (lexer.skip_blanks(); !lexer.at_end(); lexer.skip_blanks()) {
    if (!lexer.take_value(data.threads.emplace_back())) return {};
  }
  return data;
}

std::optional<UntaggedData> read_vanished(Lexer& lexer) {
  VanishedData data;
  if (lexer.peek() == '(') {
    Value value;
    if (!lexer.take_value(value)) return {};
    data.earlier = !value.items.empty() && equal_ascii_nocase(value.items.front().text, "EARLIER");
    lexer.skip_blanks();
  }
  if (lexer.at_end()) return data;
  auto set = parse_number_set(lexer.take_word());
  if (!set || !lexer.at_end()) return {};
  data.uids = std::move(set->numbers);
  return data;
}

}  // namespace mailferry::imap
