#include "imap/response/response_parser.hpp"

#include "base/ascii.hpp"
#include "imap/response/fetch_reader.hpp"
#include "imap/response/framer.hpp"
#include "imap/response/octet_buffer.hpp"
#include "imap/response/parse_line.hpp"

#include <algorithm>
#include <cstring>

namespace mailferry::imap {
namespace {

using Polled = Result<Event*>;

std::unexpected<Error> out_of_step() {
  return fail(ErrorKind::protocol, Scope::account, "the server sent a message whose size is not the announced one",
              "Try again; if it stays so, this message cannot be read from this server.", Retry::now);
}

/// Whether what stands before a literal can be the name of a section; saves reading the response to learn that it is
/// not.
bool may_be_section(std::string_view text) noexcept {
  while (text.ends_with(' '))
    text.remove_suffix(1);
  if (text.ends_with(']') || text.ends_with('>')) return true;
  constexpr std::string_view kWords[] = {"RFC822", ".HEADER", ".TEXT"};
  return std::ranges::any_of(kWords, [text](std::string_view word) {
    return text.size() > word.size() && equal_ascii_nocase(text.substr(text.size() - word.size()), word);
  });
}

}  // namespace

struct ResponseParser::State {
  explicit State(const ParserLimits& parser_limits) : limits(parser_limits), framer(parser_limits) {}

  /// Where in a response we are.
  enum class Phase {
    line,        // before or in a response of which nothing was streamed
    body,        // in a streamed literal
    after_body,  // behind a streamed literal of a FETCH
    complete,    // behind such a FETCH, whose data the caller may still look at
  };

  ParserLimits limits;
  OctetBuffer buffer;
  Framer framer;
  FetchReader fetch;
  Phase phase = Phase::line;
  std::uint64_t body_left = 0;
  bool may_stream = true;  // false: the FETCH at hand is malformed, all its literals are held
  std::optional<Error> error;
  Event event;  // the last one

  Polled poll();
  Event* poll_body();
  Result<bool> begin_body(const Frame& frame);
  bool begin_usual_body();
  bool end_usual_fetch();
  bool read_up_to(const Frame& frame);
  bool skip_blank_line(const Frame& frame);
  Polled finish_line(const Frame& frame);
  Polled finish_fetch(const Frame& frame);
  void start_over();
  /// Too large to be moved about for each message, an event is built where it stays.
  template <class Kind, class... Arguments>
  Event* give(Arguments&&... arguments) {
    event.emplace<Kind>(std::forward<Arguments>(arguments)...);
    return &event;
  }
};

void ResponseParser::State::start_over() {
  framer.finish();
  if (phase != Phase::line || !may_stream) fetch.start_over();
  phase = Phase::line;
  may_stream = true;
}

Polled ResponseParser::State::poll() {
  if (phase == Phase::body) return poll_body();
  if (phase == Phase::complete) start_over();
  if (phase == Phase::after_body && end_usual_fetch()) return give<FetchEnd>(&fetch.data());
  if (begin_usual_body()) return give<BodyBegin>(&fetch.data(), fetch.pending_section(), body_left);
  while (true) {
    TRY(const auto frame, framer.next(buffer.live()));
    if (frame.kind == Frame::Kind::incomplete) return nullptr;
    if (frame.kind == Frame::Kind::literal) {
      TRY(const auto streams, begin_body(frame));
      if (streams) return give<BodyBegin>(&fetch.data(), fetch.pending_section(), frame.literal_size);
    } else if (!skip_blank_line(frame)) {
      return phase == Phase::after_body ? finish_fetch(frame) : finish_line(frame);
    }
  }
}

Event* ResponseParser::State::poll_body() {
  if (body_left == 0) {
    phase = Phase::after_body;
    return give<BodyEnd>();
  }
  const auto octets = static_cast<std::size_t>(std::min<std::uint64_t>(body_left, buffer.size()));
  if (octets == 0) return nullptr;
  const auto chunk = buffer.live().substr(0, octets);
  buffer.consume(octets);
  body_left -= octets;
  return give<BodyChunk>(std::span(chunk.data(), chunk.size()));
}

/// The one response that matters for speed is recognised at a glance; all else goes the careful way.
bool ResponseParser::State::begin_usual_body() {
  constexpr std::string_view kBegin = "* 1 FETCH (";
  const auto live = buffer.live();
  if (phase != Phase::line || !may_stream || framer.fragment() != 0 || live.size() < kBegin.size() || limits.depth < 2)
    return false;
  if (!live.starts_with("* ") || live[2] < '1' || live[2] > '9') return false;
  const auto usual = fetch.read_usual(live);
  if (!usual) return false;
  const bool streams = usual->body_size >= limits.streamed_from || usual->body_size > limits.held_literal;
  if (!streams || usual->octets > std::min(limits.line, limits.held_total)) {
    fetch.start_over();
    return false;
  }
  framer.stream_fetch(usual->octets);
  buffer.consume(usual->octets);
  phase = Phase::body;
  body_left = usual->body_size;
  return true;
}

/// Nothing but the end of the response behind its only literal.
bool ResponseParser::State::end_usual_fetch() {
  constexpr std::string_view kEnd = ")\r\n";
  if (framer.fragment() != 0 || !buffer.live().starts_with(kEnd) || !fetch.close_usual()) return false;
  buffer.consume(kEnd.size());
  phase = Phase::complete;
  return true;
}

/// Decides on a literal: true if it is streamed from now on, false if it is held.
Result<bool> ResponseParser::State::begin_body(const Frame& frame) {
  if (!read_up_to(frame)) {
    if (phase == Phase::after_body && !may_stream) return out_of_step();
    CHECK_OK(framer.hold(frame));
    return false;
  }
  framer.stream(frame);
  buffer.consume(frame.next);
  phase = Phase::body;
  body_left = frame.literal_size;
  return true;
}

/// Reads the FETCH up to the literal when that is to be streamed.
bool ResponseParser::State::read_up_to(const Frame& frame) {
  if (framer.kind() != LineKind::fetch || !may_stream) return false;
  if (frame.literal_size < limits.streamed_from && frame.literal_size <= limits.held_literal) return false;
  const auto text = buffer.live().substr(0, frame.text_end);
  if (!may_be_section(text.substr(framer.fragment()))) return false;
  const bool first = phase == Phase::line;
  Lexer lexer(first ? text.substr(1) : text, limits.depth - (first ? 0 : 1));
  if ((first ? fetch.read(lexer) : fetch.read_on(lexer)) == FetchReader::Stop::section) return true;
  may_stream = false;
  return false;
}

/// A line end too many: between responses, or behind a header that was announced without its last, empty line.
bool ResponseParser::State::skip_blank_line(const Frame& frame) {
  if (framer.fragment() != 0 || buffer.live().find_first_not_of(' ') < frame.text_end) return false;
  if (phase == Phase::line) {
    start_over();
  } else if (fetch.pending_section().contains("HEADER")) {
    framer.stream(frame);
  } else {
    return false;
  }
  buffer.consume(frame.next);
  return true;
}

Polled ResponseParser::State::finish_line(const Frame& frame) {
  const auto text = buffer.live().substr(0, frame.text_end);
  buffer.consume(frame.next);
  const auto kind = framer.kind();
  const auto fragment = std::min(framer.fragment(), text.size());
  start_over();
  // Blanks at the end are dropped, but not those that a literal ends with.
  const auto last = text.substr(fragment).find_last_not_of(' ');
  const auto trimmed = text.substr(0, last == std::string_view::npos ? fragment : fragment + last + 1);
  TRY(auto parsed, kind == LineKind::status ? parse_status_line(text) : parse_untagged_line(trimmed, limits.depth));
  event = std::move(parsed);
  return &event;
}

Polled ResponseParser::State::finish_fetch(const Frame& frame) {
  Lexer lexer(buffer.live().substr(0, frame.text_end), limits.depth - 1);
  buffer.consume(frame.next);
  if (fetch.read_on(lexer) != FetchReader::Stop::end || !fetch.closed()) return out_of_step();
  phase = Phase::complete;
  return give<FetchEnd>(&fetch.data());
}

ResponseParser::ResponseParser(ParserLimits limits) : state_(std::make_unique<State>(limits)) {}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

std::span<char> ResponseParser::prepare(std::size_t hint) {
  return state_->buffer.prepare(hint);
}

void ResponseParser::commit(std::size_t octets) {
  state_->buffer.commit(octets);
}

void ResponseParser::feed(std::string_view octets) {
  if (octets.empty()) return;
  std::memcpy(prepare(octets.size()).data(), octets.data(), octets.size());
  commit(octets.size());
}

Result<Event*> ResponseParser::poll() {
  if (state_->error) return std::unexpected<Error>(*state_->error);
  auto polled = state_->poll();
  if (!polled) state_->error = polled.error();
  return polled;
}

std::size_t ResponseParser::buffered() const noexcept {
  return state_->buffer.size();
}

std::string ResponseParser::take_buffered() {
  std::string octets(state_->buffer.live());
  discard_buffered();
  return octets;
}

void ResponseParser::discard_buffered() noexcept {
  state_->buffer.clear();
  state_->start_over();
}

void ResponseParser::make_small() noexcept {
  state_->buffer.make_small();
}

}  // namespace mailferry::imap
