#include "imap/response/fetch_reader.hpp"

#include "base/ascii.hpp"
#include "imap/response/quoted.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::imap {
namespace {

/// A number; what is none (MODSEQ -1 of quirk c18, NIL, a float) is skipped and leaves `out` as it is.
template <class T>
bool read_number(Lexer& lexer, T& out) {
  if (const auto number = lexer.take_number()) {
    if (*number <= std::numeric_limits<std::uint32_t>::max() || !std::is_same_v<T, Uid>) out = static_cast<T>(*number);
    return true;
  }
  Value skipped;
  return lexer.take_value(skipped);
}

bool read_uid(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_number(lexer, data.uid);
}
bool read_size(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_number(lexer, data.size);
}
bool read_gm_message_id(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_number(lexer, data.gm_message_id);
}
bool read_gm_thread_id(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_number(lexer, data.gm_thread_id);
}

/// RFC 7162 §3.1.4.1: "(12345)"; without parentheses from some.
bool read_modseq(Lexer& lexer, FetchData& data, FlagMemo&) {
  const bool list = lexer.open();
  if (lexer.too_deep()) return false;
  if (!read_number(lexer, data.modseq)) return false;
  lexer.skip_blanks();
  return !list || lexer.close();
}

bool read_flags(Lexer& lexer, FetchData& data, FlagMemo& memo) {
  return memo.read(lexer, data.flags);
}

bool read_labels(Lexer& lexer, FetchData& data, FlagMemo&) {
  Value value;
  if (!lexer.take_value(value)) return false;
  auto& labels = data.gm_labels.emplace();
  for (auto& item : value.items)
    labels.push_back(std::move(item.text));
  return true;
}

bool read_date(Lexer& lexer, std::optional<InternalDate>& out) {
  std::optional<std::string> held;
  const auto plain = lexer.take_plain_quoted();
  if (!plain && !lexer.take_nstring(held)) return false;
  if (!plain && !held) return true;
  // An unreadable date is an absent one (quirk z4): the message is worth more than its date.
  if (const auto date = InternalDate::parse(plain ? *plain : *held)) out = *date;
  return true;
}
bool read_internal_date(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_date(lexer, data.internal_date);
}
bool read_save_date(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_date(lexer, data.save_date);
}

/// RFC 8474 §5: "(M6d99ac3275bb4e)" or NIL.
bool read_object_id(Lexer& lexer, std::optional<std::string>& out) {
  Value value;
  if (!lexer.take_value(value)) return false;
  if (!value.items.empty()) out = std::move(value.items.front().text);
  if (!value.text.empty()) out = std::move(value.text);
  return true;
}
bool read_email_id(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_object_id(lexer, data.email_id);
}
bool read_thread_id(Lexer& lexer, FetchData& data, FlagMemo&) {
  return read_object_id(lexer, data.thread_id);
}

bool read_envelope(Lexer& lexer, FetchData& data, FlagMemo&) {
  return lexer.take_value(data.envelope.emplace());
}
bool read_structure(Lexer& lexer, FetchData& data, FlagMemo&) {
  return lexer.take_value(data.body_structure.emplace());
}
bool read_preview(Lexer& lexer, FetchData& data, FlagMemo&) {
  return lexer.take_value(data.preview.emplace());
}

struct Item {
  std::string_view name;
  bool (*read)(Lexer&, FetchData&, FlagMemo&);
};
/// In the order of how often they are asked for.
constexpr Item kItems[] = {
    {"UID", read_uid},
    {"FLAGS", read_flags},
    {"INTERNALDATE", read_internal_date},
    {"MODSEQ", read_modseq},
    {"RFC822.SIZE", read_size},
    {"EMAILID", read_email_id},
    {"THREADID", read_thread_id},
    {"X-GM-MSGID", read_gm_message_id},
    {"X-GM-THRID", read_gm_thread_id},
    {"X-GM-LABELS", read_labels},
    {"SAVEDATE", read_save_date},
    {"ENVELOPE", read_envelope},
    {"BODYSTRUCTURE", read_structure},
    {"BODY", read_structure},
    {"PREVIEW", read_preview},
};

constexpr std::string_view kSectionsWithoutBrackets[] = {"RFC822", "RFC822.HEADER", "RFC822.TEXT"};

bool is_section(std::string_view name, char next) noexcept {
  return next == '[' || std::ranges::any_of(kSectionsWithoutBrackets,
                                            [name](std::string_view known) { return equal_ascii_nocase(name, known); });
}

constexpr OctetSet kEndsItemName{" ()[<\r\n"};

std::string_view take_item_name(Lexer& lexer) noexcept {
  const auto name = lexer.rest().substr(0, kEndsItemName.measure_others(lexer.rest()));
  lexer.advance(name.size());
  return name;
}

/// From "[": octets up to and with "]", header field names in quotes passed over; npos if there is no "]".
std::size_t measure_section(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size() && text[at] != '\n'; ++at) {
    if (text[at] == ']') return at + 1;
    if (at == 0 || !opens_quoted(text, at)) continue;
    at = find_closing_quote(text, at);
    if (at == std::string_view::npos) break;
  }
  return std::string_view::npos;
}

}  // namespace

/// Field by field: what a message rarely has costs a look, and the memory of what it always has is kept.
void FetchReader::start_over() noexcept {
  data_.sequence = 0;
  data_.uid = 0;
  data_.flags.reset();
  data_.internal_date.reset();
  data_.size.reset();
  data_.modseq.reset();
  data_.email_id.reset();
  data_.thread_id.reset();
  data_.gm_message_id.reset();
  data_.gm_thread_id.reset();
  data_.gm_labels.reset();
  data_.save_date.reset();
  data_.envelope.reset();
  data_.body_structure.reset();
  data_.preview.reset();
  data_.sections.clear();
  data_.others.clear();
  closed_ = usual_ = false;
}

FetchReader::Stop FetchReader::read(Lexer& lexer) {
  return read_head(lexer) ? read_items(lexer) : Stop::malformed;
}

std::optional<UsualFetch> FetchReader::read_usual(std::string_view live) {
  const auto usual = read_usual_fetch(live, flags_, data_);
  if (!usual) {
    start_over();
    return {};
  }
  pending_.name = "BODY[]";
  pending_.origin.reset();
  pending_.data.reset();
  usual_ = true;
  return usual;
}

bool FetchReader::close_usual() {
  if (!usual_) return false;
  pending_.streamed = true;
  data_.sections.push_back(std::move(pending_));
  closed_ = true;
  return true;
}

/// What follows a literal is ")" or a blank, or both (quirk c9). Anything else means that the server announced a wrong
/// size (quirk z2).
FetchReader::Stop FetchReader::read_on(Lexer& lexer) {
  pending_.streamed = true;
  data_.sections.push_back(std::move(pending_));
  const bool plausible = lexer.peek() == ')' || lexer.peek() == ' ';
  return plausible ? read_items(lexer) : Stop::malformed;
}

bool FetchReader::read_head(Lexer& lexer) {
  lexer.skip_blanks();
  const auto number = lexer.take_number32();
  lexer.skip_blanks();
  const auto name = lexer.take_word();
  lexer.skip_blanks();
  if (!number || !lexer.open()) return false;
  // RFC 9586 §3.3: UIDFETCH has the UID in place of the sequence number.
  (equal_ascii_nocase(name, "UIDFETCH") ? data_.uid : data_.sequence) = *number;
  return true;
}

FetchReader::Stop FetchReader::read_items(Lexer& lexer) {
  while (true) {
    lexer.skip_blanks();
    if (lexer.at_end()) return Stop::end;
    if (lexer.close()) {
      closed_ = true;
      lexer.skip_blanks();
      return lexer.at_end() ? Stop::end : Stop::malformed;
    }
    const auto name = take_item_name(lexer);
    if (name.empty()) return Stop::malformed;
    const bool section = is_section(name, lexer.peek());
    if (section && !read_section_name(lexer, name)) return Stop::malformed;
    lexer.skip_blanks();
    if (section && lexer.at_end()) return Stop::section;
    if (section ? !read_section_data(lexer) : !read_item(lexer, name)) return Stop::malformed;
  }
}

bool FetchReader::read_section_name(Lexer& lexer, std::string_view word) {
  pending_.name = to_upper(word);
  pending_.origin.reset();
  pending_.data.reset();
  pending_.streamed = false;
  if (lexer.peek() == '[') {
    const auto octets = measure_section(lexer.rest());
    if (octets == std::string_view::npos) return false;
    pending_.name += lexer.rest().substr(0, octets);
    lexer.advance(octets);
  }
  if (lexer.peek() != '<') return true;
  const auto end = lexer.rest().find('>');
  if (end == std::string_view::npos) return false;
  pending_.origin = to_number(lexer.rest().substr(1, end - 1));
  lexer.advance(end + 1);
  return pending_.origin.has_value();
}

bool FetchReader::read_section_data(Lexer& lexer) {
  // Nothing at all stands for NIL at some servers (quirk c7).
  const bool present = lexer.peek() != ')';
  if (present && !lexer.take_nstring(pending_.data)) return false;
  data_.sections.push_back(std::move(pending_));
  return true;
}

bool FetchReader::read_item(Lexer& lexer, std::string_view name) {
  for (const auto& item : kItems) {
    if (equal_ascii_nocase(name, item.name)) return item.read(lexer, data_, flags_);
  }
  auto& other = data_.others.emplace_back(to_upper(name), Value{});
  return lexer.take_value(other.second);
}

}  // namespace mailferry::imap
