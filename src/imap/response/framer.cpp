#include "imap/response/framer.hpp"

#include "base/ascii.hpp"
#include "imap/response/quoted.hpp"
#include "imap/response/words.hpp"

#include <limits>

namespace mailferry::imap {
namespace {

constexpr std::string_view kStatusWords[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
constexpr std::string_view kFetchWords[] = {"FETCH", "UIDFETCH"};
constexpr std::string_view kNumberListWords[] = {"SEARCH", "SORT", "ESEARCH", "VANISHED"};
constexpr std::string_view kNumberListCodes[] = {"[COPYUID", "[APPENDUID", "[MODIFIED"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) noexcept {
  return std::ranges::any_of(words, [word](std::string_view known) { return equal_ascii_nocase(word, known); });
}

std::string_view take_word(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  static constexpr OctetSet kEndsWord{" \r\n"};
  const auto word = text.substr(0, kEndsWord.measure_others(text));
  text.remove_prefix(word.size());
  return word;
}

/// Whether `count` words, each with a blank behind it, are there.
bool has_words(std::string_view text, int count) noexcept {
  for (; count > 0; --count) {
    if (take_word(text).empty() || text.empty()) return false;
  }
  return true;
}

/// RFC 9051 §9 number64.
constexpr std::uint64_t kLargestLiteral = std::numeric_limits<std::int64_t>::max();

struct Marker {
  std::size_t at = 0;
  std::uint64_t size = 0;
  bool too_large = false;
};

/// A brace inside a word is part of the word.
constexpr bool can_precede_literal(char c) noexcept {
  return c == ' ' || c == '(' || c == ')' || c == '[' || c == ']' || c == '>' || c == '"';
}

/// "{5}", "{5+}" or "~{5}" at the end of `text` (RFC 9051 `literal`, RFC 7888, RFC 3516).
std::optional<Marker> find_marker(std::string_view text) noexcept {
  if (!text.ends_with('}')) return {};
  auto last = text.size() - 1;
  if (last > 0 && text[last - 1] == '+') --last;
  auto first = last;
  while (first > 0 && is_digit_ascii(text[first - 1]))
    --first;
  if (first == last || first == 0 || text[first - 1] != '{') return {};
  Marker marker{.at = first - 1};
  const auto size = to_number(text.substr(first, last - first));
  marker.too_large = !size || *size > kLargestLiteral;
  marker.size = size.value_or(0);
  if (marker.at > 0 && text[marker.at - 1] == '~') --marker.at;
  if (marker.at > 0 && !can_precede_literal(text[marker.at - 1])) return {};
  if (ends_inside_quoted(text.substr(0, marker.at))) return {};
  return marker;
}

std::unexpected<Error> too_long(std::string what, std::uint64_t limit) {
  return fail(ErrorKind::protocol, Scope::account,
              fmt::format("the server sent {} (the limit is {} octets)", what, limit));
}

}  // namespace

LineClass classify_line(std::string_view line) noexcept {
  if (line.starts_with('+')) return {};
  const bool untagged = take_word(line) == "*";
  auto word = take_word(line);
  if (untagged && !word.empty() && is_digit_ascii(word.front())) {
    word = take_word(line);
    return {is_one_of(word, kFetchWords) ? LineKind::fetch : LineKind::data, false};
  }
  if (!untagged || is_one_of(word, kStatusWords))
    return {LineKind::status, is_one_of(take_word(line), kNumberListCodes)};
  if (word.starts_with('[')) return {};
  return {LineKind::data, is_one_of(word, kNumberListWords)};
}

void Framer::classify(std::string_view live) noexcept {
  if (classified_) return;
  class_ = classify_line(live);
  classified_ = true;
}

Result<void> Framer::check_line(std::size_t fragment_octets) const {
  if (class_.number_list) {
    if (line_octets_ + fragment_octets <= limits_.number_list_line) return {};
    return too_long("a list of numbers that is too long", limits_.number_list_line);
  }
  if (line_octets_ + fragment_octets > limits_.line) return too_long("a line that is too long", limits_.line);
  if (line_octets_ + fragment_octets + held_octets_ > limits_.held_total) {
    return too_long("a response that is too large", limits_.held_total);
  }
  return {};
}

Result<void> Framer::check_unfinished(std::string_view live) const {
  const auto pending = live.size() - fragment_;
  if (pending <= std::min(limits_.line, limits_.held_total)) return {};
  auto checked = *this;
  checked.classify(live);
  // Too early to know what it becomes: the wider limit holds.
  if (!classified_ && !has_words(live, 3)) checked.class_.number_list = true;
  return checked.check_line(pending - 1);  // the last octet may be the CR of the line end
}

Result<Frame> Framer::next(std::string_view live) {
  if (scanned_ >= live.size()) return Frame{};
  const auto line_feed = live.find('\n', scanned_);
  if (line_feed == std::string_view::npos) {
    scanned_ = live.size();
    CHECK_OK(check_unfinished(live));
    return Frame{};
  }
  classify(live);
  CHECK_OK(check_line(line_feed - fragment_ - (line_feed > fragment_ && live[line_feed - 1] == '\r' ? 1 : 0)));
  auto text_end = line_feed;
  while (text_end > fragment_ && live[text_end - 1] == '\r')
    --text_end;
  if (class_.kind == LineKind::status) return Frame{Frame::Kind::complete, text_end, line_feed + 1, 0};
  const auto marker = find_marker(live.substr(fragment_, text_end - fragment_));
  if (!marker) return Frame{Frame::Kind::complete, text_end, line_feed + 1, 0};
  if (marker->too_large) return too_long("a literal with an impossible size", kLargestLiteral);
  return Frame{Frame::Kind::literal, fragment_ + marker->at, line_feed + 1, marker->size};
}

Result<void> Framer::hold(const Frame& frame) {
  if (frame.literal_size > limits_.held_literal) {
    return too_long("a literal that is too large to be held", limits_.held_literal);
  }
  line_octets_ += frame.next - fragment_;
  held_octets_ += static_cast<std::size_t>(frame.literal_size);
  fragment_ = scanned_ = frame.next + static_cast<std::size_t>(frame.literal_size);
  return check_line(0);
}

void Framer::stream(const Frame& frame) {
  line_octets_ += frame.next - fragment_;
  fragment_ = scanned_ = 0;
}

}  // namespace mailferry::imap
