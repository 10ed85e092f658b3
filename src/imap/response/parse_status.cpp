// Status responses and "+" (RFC 9051 §7.1, §7.6).
#include "base/ascii.hpp"
#include "imap/response/parse_line.hpp"
#include "imap/response/response_code.hpp"

#include <algorithm>

namespace mailferry::imap {
namespace {

struct StatusWord {
  std::string_view word;
  Status status;
};
constexpr StatusWord kStatusWords[] = {
    {"OK", Status::ok}, {"NO", Status::no}, {"BAD", Status::bad}, {"PREAUTH", Status::preauth}, {"BYE", Status::bye}};

std::optional<Status> find_status(std::string_view word) noexcept {
  for (const auto& known : kStatusWords) {
    if (equal_ascii_nocase(known.word, word)) return known.status;
  }
  return {};
}

std::string_view skip_blanks(std::string_view text) noexcept {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

std::string_view take_word(std::string_view& text) noexcept {
  text = skip_blanks(text);
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// What stands behind the status word: "[CODE argument] text", either part absent (quirk g18).
void read_text(std::string_view text, StatusResponse& response) {
  text = skip_blanks(text);
  const auto end = text.starts_with('[') ? find_code_end(text) : std::string_view::npos;
  if (end != std::string_view::npos) {
    response.code = parse_response_code(text.substr(1, end - 1));
    // Exchange puts an [Error="…"] where a code belongs (quirk x29): that is text.
    if (response.code.code != Code::none) text = skip_blanks(text.substr(end + 1));
  }
  response.text = text;
}

Event make_continuation(std::string_view line) {
  line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return Continuation{std::string(line)};
}

}  // namespace

Result<Event> parse_status_line(std::string_view line) {
  if (line.starts_with('+')) return make_continuation(line);
  auto text = line;
  const auto tag = take_word(text);
  const auto behind_tag = text;
  auto status = find_status(take_word(text));
  if (!status && tag == "*" && skip_blanks(behind_tag).starts_with('[')) {
    // The code alone (quirk x19): as if it said OK.
    status = Status::ok;
    text = behind_tag;
  }
  if (!status) return UntaggedData(OtherData{{}, std::string(line)});
  StatusResponse response{
      .tag = tag == "*" ? std::string() : std::string(tag), .status = *status, .code = {}, .text = {}};
  read_text(text, response);
  return Event(std::move(response));
}

}  // namespace mailferry::imap
