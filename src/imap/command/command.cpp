#include "imap/command/command.hpp"

#include "imap/command/wire_text.hpp"
#include "imap/syntax/characters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace mailferry::imap {
namespace {

/// RFC 7888 §5: what LITERAL- may send without waiting.
constexpr std::uint64_t kLiteralMinus = 4096;

void require(bool condition, std::string_view what, std::string_view value) {
  if (condition) return;
  fmt::print(stderr, "mailferry: programming error: {}: \"{}\"\n", what, value);
  std::abort();
}

bool is_word(std::string_view word) noexcept {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return is_astring_char(c) || c == ' '; });
}

/// A literal on one log line, without what could forge another.
std::string loggable(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (is_quoted_char(c) && c != '\t') {
      out.push_back(c);
    } else {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
  }
  return quoted(out);
}

}  // namespace

bool must_wait(LiteralMode mode, std::uint64_t size) noexcept {
  return mode == LiteralMode::synchronizing || (mode == LiteralMode::minus && size > kLiteralMinus);
}

CommandWriter::CommandWriter(std::string_view tag, LiteralMode mode) : mode_(mode) {
  require(!tag.empty() && std::all_of(tag.begin(), tag.end(), is_tag_char), "not a tag", tag);
  command_.parts.emplace_back(tag);
  command_.log_text = tag;
}

CommandWriter& CommandWriter::atom(std::string_view word) {
  require(is_word(word), "not an atom", word);
  put_word(word);
  return *this;
}

CommandWriter& CommandWriter::astring(std::string_view value) {
  put_value(value, Form::astring, {});
  return *this;
}

CommandWriter& CommandWriter::string(std::string_view value) {
  put_value(value, Form::string, {});
  return *this;
}

CommandWriter& CommandWriter::secret(std::string_view value) {
  put_value(value, Form::astring, "***");
  return *this;
}

CommandWriter& CommandWriter::uid_set(const UidSet& set) {
  require(!set.empty(), "an empty UID set", "");
  put_word(set.to_string());
  return *this;
}

CommandWriter& CommandWriter::uids_from(Uid first) {
  require(first != 0, "UID zero", "");
  put_word(fmt::format("{}:*", first));
  return *this;
}

CommandWriter& CommandWriter::number(std::uint64_t value) {
  put_word(fmt::format("{}", value));
  return *this;
}

CommandWriter& CommandWriter::list(const std::vector<std::string_view>& words) {
  open();
  for (const auto word : words)
    atom(word);
  return close();
}

CommandWriter& CommandWriter::header_fields(const std::vector<std::string_view>& names) {
  require(!names.empty(), "no header fields", "");
  for (const auto name : names)
    require(is_atom(name), "not a header field", name);
  put_word(fmt::format("BODY.PEEK[HEADER.FIELDS ({})]", fmt::join(names, " ")));
  return *this;
}

CommandWriter& CommandWriter::flags(const Flags& flags) {
  put_word(flag_list(flags));
  return *this;
}

CommandWriter& CommandWriter::attribute(std::string_view name) {
  require(name.starts_with('\\') && is_atom(name.substr(1)), "not a mailbox attribute", name);
  put_word(name);
  return *this;
}

CommandWriter& CommandWriter::date(const InternalDate& date) {
  put_word(quoted(date.to_string()));
  return *this;
}

CommandWriter& CommandWriter::open() {
  put_word("(");
  need_space_ = false;
  return *this;
}

CommandWriter& CommandWriter::close() {
  put(")", ")");
  need_space_ = true;
  return *this;
}

WireCommand CommandWriter::take() {
  put("\r\n", "");
  if (refused_) command_.parts.clear();
  return std::move(command_);
}

void CommandWriter::space() {
  if (need_space_) put(" ", " ");
  need_space_ = true;
}

void CommandWriter::put(std::string_view text, std::string_view logged) {
  command_.parts.back() += text;
  command_.log_text += logged;
}

void CommandWriter::put_word(std::string_view text) {
  space();
  put(text, text);
}

/// `logged` replaces the value in the log when not empty.
void CommandWriter::put_value(std::string_view value, Form form, std::string_view logged) {
  space();
  if (form == Form::astring && is_plain_atom(value)) return put(value, logged.empty() ? value : logged);
  if (!is_quotable(value)) return put_literal(value, logged);
  const auto text = quoted(value);
  put(text, logged.empty() ? text : logged);
}

void CommandWriter::put_literal(std::string_view value, std::string_view logged) {
  // RFC 9051 §4.3: only literal8 may hold NUL, and no argument written here is one.
  if (value.contains('\0')) refused_ = true;
  const bool wait = must_wait(mode_, value.size());
  put(fmt::format("{{{}{}}}\r\n", value.size(), wait ? "" : "+"), "");
  if (wait) command_.parts.emplace_back();
  put(value, logged.empty() ? loggable(value) : logged);
}

}  // namespace mailferry::imap
