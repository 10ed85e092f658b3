#include "imap/response/usual_fetch.hpp"

#include "imap/response/lexer.hpp"

#include <limits>

namespace mailferry::imap {
namespace {

constexpr std::uint64_t kLargest32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kLargest63 = std::numeric_limits<std::int64_t>::max();

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool skip(std::string_view expected) noexcept {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  /// One to 18 digits with a value of at most `largest`.
  template <class Number>
  bool number(Number& out, std::uint64_t largest) noexcept {
    constexpr std::size_t kDigits = 18;
    std::uint64_t value = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      if (count == kDigits) return false;
      value = value * 10 + static_cast<std::uint64_t>(rest_[count] - '0');
    }
    rest_.remove_prefix(count);
    out = static_cast<Number>(value);
    return count > 0 && value <= largest;
  }
  bool flags(FlagMemo& memo, std::optional<Flags>& out) {
    Lexer lexer(rest_, 1);
    const bool read = memo.read(lexer, out);
    rest_ = lexer.rest();
    return read;
  }
  /// A date and time of the usual length with its quotation marks.
  bool date(std::optional<InternalDate>& out) {
    constexpr std::size_t kLength = 26;
    if (rest_.size() < kLength + 2 || rest_.front() != '"' || rest_[kLength + 1] != '"') return false;
    const auto parsed = InternalDate::parse(rest_.substr(1, kLength));
    rest_.remove_prefix(kLength + 2);
    if (parsed) out = *parsed;
    return parsed.has_value();
  }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::string_view rest_;
};

bool read_item(Cursor& cursor, FlagMemo& memo, FetchData& data) {
  if (cursor.skip("UID ")) return cursor.number(data.uid, kLargest32);
  if (cursor.skip("FLAGS ")) return cursor.flags(memo, data.flags);
  return cursor.skip("INTERNALDATE ") && cursor.date(data.internal_date);
}

}  // namespace

std::optional<UsualFetch> read_usual_fetch(std::string_view live, FlagMemo& memo, FetchData& data) {
  Cursor cursor(live);
  if (!cursor.skip("* ") || !cursor.number(data.sequence, kLargest32) || !cursor.skip(" FETCH (")) return {};
  while (!cursor.skip("BODY[] {")) {
    if (!read_item(cursor, memo, data) || !cursor.skip(" ")) return {};
  }
  UsualFetch usual;
  if (!cursor.number(usual.body_size, kLargest63) || !cursor.skip("}\r\n")) return {};
  usual.octets = live.size() - cursor.left();
  return usual;
}

}  // namespace mailferry::imap
