#include "imap/command/grammar/cursor.hpp"

#include "base/ascii.hpp"
#include "imap/syntax/characters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace mailferry::imap {
namespace {

constexpr std::uint64_t kLargest32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kLargest64 = std::numeric_limits<std::int64_t>::max();
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_name_char(char c) {
  const char lower = to_lower_ascii(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_';
}

bool is_letter(char c) {
  const char lower = to_lower_ascii(c);
  return lower >= 'a' && lower <= 'z';
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), to_upper_ascii);
  return upper;
}

}  // namespace

std::unexpected<Error> syntax_error(std::string what) {
  return fail(ErrorKind::protocol, Scope::account, std::move(what));
}

std::size_t Cursor::text_end() const noexcept {
  return next_literal_ < text_.literals.size() ? text_.literals[next_literal_].header : text_.octets.size();
}

const CommandText::Literal* Cursor::literal_here() const noexcept {
  const bool here = next_literal_ < text_.literals.size() && text_.literals[next_literal_].header == position_;
  return here ? &text_.literals[next_literal_] : nullptr;
}

char Cursor::peek() const noexcept {
  return position_ < text_end() ? text_.octets[position_] : '\0';
}

bool Cursor::accept(char c) noexcept {
  if (position_ >= text_end() || text_.octets[position_] != c) return false;
  ++position_;
  return true;
}

/// The text up to the next literal.
std::string_view Cursor::rest() const noexcept {
  return std::string_view(text_.octets).substr(position_, text_end() - position_);
}

bool Cursor::looking_at(std::string_view text) const noexcept {
  return equal_ascii_nocase(rest().substr(0, text.size()), text);
}

bool Cursor::accept_text(std::string_view text) noexcept {
  if (!looking_at(text)) return false;
  position_ += text.size();
  return true;
}

bool Cursor::accept_word(std::string_view upper) noexcept {
  const auto text = rest();
  if (!looking_at(upper)) return false;
  if (text.size() > upper.size() && is_astring_char(text[upper.size()])) return false;
  position_ += upper.size();
  return true;
}

Result<> Cursor::expect(char c) {
  if (accept(c)) return {};
  return syntax_error(c == ' ' ? "a space is expected" : fmt::format("\"{}\" is expected", c));
}

Result<> Cursor::end() const {
  if (at_end()) return {};
  return syntax_error("too many arguments");
}

Result<> Cursor::enter() {
  if (depth_left_ == 0) return syntax_error("nested too deeply");
  --depth_left_;
  return {};
}

std::string_view Cursor::take_while(bool (*wanted)(char)) noexcept {
  const auto start = position_;
  const auto end = text_end();
  while (position_ < end && wanted(text_.octets[position_]))
    ++position_;
  return std::string_view(text_.octets).substr(start, position_ - start);
}

Result<std::string> Cursor::tag() {
  const auto tag = take_while([](char c) { return is_tag_char(c); });
  if (tag.empty()) return syntax_error("a tag is expected");
  return std::string(tag);
}

Result<std::string> Cursor::atom() {
  const auto atom = take_while([](char c) { return is_atom_char(c); });
  if (atom.empty()) return syntax_error("an atom is expected");
  return std::string(atom);
}

Result<std::string> Cursor::word() {
  TRY(const auto text, atom());
  return upper_case(text);
}

Result<std::string> Cursor::name() {
  const auto name = take_while(is_name_char);
  if (name.empty()) return syntax_error("a name is expected");
  return upper_case(name);
}

Result<std::string> Cursor::quoted() {
  CHECK_OK(expect('"'));
  std::string value;
  for (const auto end = text_end(); position_ < end;) {
    char c = text_.octets[position_++];
    if (c == '"') return value;
    if (c == '\\') {
      if (position_ == end) break;
      c = text_.octets[position_++];
      if (c != '"' && c != '\\') return syntax_error("only quotes and backslashes are escaped in a quoted string");
    }
    // RFC 9051 §4.3: CR, LF and NUL only in literals. Other controls are let through: clients send them.
    if (c == '\0' || c == '\r' || c == '\n') return syntax_error("a control character in a quoted string");
    value.push_back(c);
  }
  return syntax_error("a quoted string does not end");
}

std::string Cursor::literal() {
  const auto& literal = text_.literals[next_literal_++];
  position_ = literal.data + literal.size;
  return text_.octets.substr(literal.data, literal.size);
}

Result<std::string> Cursor::string() {
  const auto* here = literal_here();
  if (here == nullptr) {
    if (peek() == '"') return quoted();
    return syntax_error("a string is expected");
  }
  if (here->binary) return syntax_error("literal8 is not allowed here");
  auto value = literal();
  if (value.find('\0') != std::string::npos) return syntax_error("NUL in a literal");
  return value;
}

Result<std::string> Cursor::astring() {
  if (literal_here() != nullptr || peek() == '"') return string();
  const auto text = take_while([](char c) { return is_astring_char(c); });
  if (text.empty()) return syntax_error("a string is expected");
  return std::string(text);
}

Result<std::optional<std::string>> Cursor::nstring() {
  if (accept_word("NIL")) return std::nullopt;
  if (const auto* here = literal_here(); here != nullptr && here->binary) return std::optional(literal());
  TRY(auto value, string());
  return std::optional(std::move(value));
}

Result<std::string> Cursor::list_mailbox() {
  if (literal_here() != nullptr || peek() == '"') return string();
  const auto text = take_while([](char c) { return is_list_char(c); });
  if (text.empty()) return syntax_error("a mailbox pattern is expected");
  return std::string(text);
}

Result<std::uint64_t> Cursor::digits(std::uint64_t largest) {
  const auto text = take_while([](char c) { return is_digit(c); });
  if (text.empty()) return syntax_error("a number is expected");
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > largest) return syntax_error("a number is too large");
  return value;
}

Result<std::uint32_t> Cursor::number() {
  TRY(const auto value, digits(kLargest32));
  return static_cast<std::uint32_t>(value);
}

Result<std::uint32_t> Cursor::nz_number() {
  TRY(const auto value, number());
  if (value == 0) return syntax_error("zero is not allowed here");
  return value;
}

Result<std::uint64_t> Cursor::number64() {
  return digits(kLargest64);
}

Result<std::uint32_t> Cursor::sequence_number() {
  if (accept('*')) return SequenceSet::kLast;
  return nz_number();
}

Result<SequenceSet> Cursor::sequence_set() {
  SequenceSet set;
  if (accept('$')) {
    set.saved_result = true;
    return set;
  }
  do {
    TRY(const auto first, sequence_number());
    auto last = first;
    if (accept(':')) {
      TRY(last, sequence_number());
    }
    set.ranges.push_back({first, last});
  } while (accept(','));
  return set;
}

Result<std::int64_t> Cursor::signed_position(bool negative) {
  if (negative) CHECK_OK(expect('-'));
  TRY(const auto value, nz_number());
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

Result<PartialRange> Cursor::partial_range() {
  const bool negative = peek() == '-';
  TRY(const auto first, signed_position(negative));
  CHECK_OK(expect(':'));
  TRY(const auto last, signed_position(negative));
  return PartialRange{first, last};
}

Result<std::string> Cursor::flag() {
  const bool system = accept('\\');
  TRY(const auto name, atom());
  return (system ? "\\" : "") + name;
}

Result<Flags> Cursor::flag_list() {
  Flags flags;
  CHECK_OK(list(Empty::allowed, [&]() -> Result<> {
    TRY(const auto name, flag());
    flags.add(name);
    return {};
  }));
  return flags;
}

Result<InternalDate> Cursor::date_time() {
  TRY(const auto text, quoted());
  auto date = InternalDate::parse(text);
  if (!date) return syntax_error("the date-time is not valid");
  return date;
}

Result<std::chrono::year_month_day> Cursor::date() {
  const bool in_quotes = accept('"');
  TRY(const auto day, number());
  CHECK_OK(expect('-'));
  const auto month_name = take_while(is_letter);
  CHECK_OK(expect('-'));
  TRY(const auto year, number());
  if (in_quotes) CHECK_OK(expect('"'));
  const auto* const month =
      std::find_if(kMonths.begin(), kMonths.end(), [&](auto name) { return equal_ascii_nocase(name, month_name); });
  const auto month_number = static_cast<unsigned>(month - kMonths.begin()) + 1;
  if (year > 9999 || day > 31) return syntax_error("the date is not valid");
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month_number),
                                         std::chrono::day(day)};
  if (!date.ok()) return syntax_error("the date is not valid");
  return date;
}

}  // namespace mailferry::imap
