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

using Polled = Result<std::optional<Event>>;

template <class T>
Polled event(T&& value) {
  return Polled(std::in_place, std::in_place, std::forward<T>(value));
}

std::unexpected<Error> out_of_step() {
  return fail(ErrorKind::protocol, Scope::account, "the server sent a message whose size is not the announced one",
              "Try again; if it stays so, this message cannot be read from this server.", Retry::now);
}

/// Whether what stands before a literal can be the name of a section; saves reading the response to learn that it is
/// not.
bool may_be_section(std::string_view text) noexcept {
  text = text.substr(0, text.find_last_not_of(' ') + 1);
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
  };

  ParserLimits limits;
  OctetBuffer buffer;
  Framer framer;
  FetchReader fetch;
  Phase phase = Phase::line;
  std::uint64_t body_left = 0;
  bool may_stream = true;  // false: the FETCH at hand is malformed, all its literals are held
  std::optional<Error> error;

  Polled poll();
  Polled poll_body();
  Polled poll_line(bool& again);
  bool prepare_streaming(const Frame& frame);
  Polled begin_body(const Frame& frame);
  Polled finish_line(const Frame& frame, bool& again);
  Polled finish_fetch(std::string_view text);
  void start_over();
};

void ResponseParser::State::start_over() {
  framer.finish();
  fetch = FetchReader();
  phase = Phase::line;
  may_stream = true;
}

Polled ResponseParser::State::poll() {
  if (phase == Phase::body) return poll_body();
  bool again = true;
  while (true) {
    again = false;
    auto polled = poll_line(again);
    if (!again) return polled;
  }
}

Polled ResponseParser::State::poll_body() {
  if (body_left == 0) {
    phase = Phase::after_body;
    return event(BodyEnd{});
  }
  const auto octets = static_cast<std::size_t>(std::min<std::uint64_t>(body_left, buffer.size()));
  if (octets == 0) return std::optional<Event>();
  const auto chunk = buffer.live().substr(0, octets);
  buffer.consume(octets);
  body_left -= octets;
  return event(BodyChunk{{chunk.data(), chunk.size()}});
}

Polled ResponseParser::State::poll_line(bool& again) {
  TRY(const auto frame, framer.next(buffer.live()));
  switch (frame.kind) {
    case Frame::Kind::incomplete:
      return std::optional<Event>();
    case Frame::Kind::literal:
      if (prepare_streaming(frame)) return begin_body(frame);
      if (phase == Phase::after_body && !may_stream) return out_of_step();
      CHECK_OK(framer.hold(frame));
      again = true;
      return std::optional<Event>();
    case Frame::Kind::complete:
      break;
  }
  return finish_line(frame, again);
}

/// Reads the FETCH up to the literal when that is to be streamed.
bool ResponseParser::State::prepare_streaming(const Frame& frame) {
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

Polled ResponseParser::State::begin_body(const Frame& frame) {
  framer.stream(frame);
  buffer.consume(frame.next);
  phase = Phase::body;
  body_left = frame.literal_size;
  const auto& section = fetch.stream_pending();
  return event(BodyBegin{&fetch.data(), section, frame.literal_size});
}

Polled ResponseParser::State::finish_line(const Frame& frame, bool& again) {
  const auto text = buffer.live().substr(0, frame.text_end);
  const auto fragment = std::min(framer.fragment(), text.size());
  if (phase == Phase::after_body) {
    auto polled = finish_fetch(text);
    buffer.consume(frame.next);
    start_over();
    return polled;
  }
  // Blanks at the end are dropped, but not those that a literal ends with.
  const auto last = text.substr(fragment).find_last_not_of(' ');
  const auto trimmed = text.substr(0, last == std::string_view::npos ? fragment : fragment + last + 1);
  if (trimmed.empty()) {  // a line end too many
    again = true;
    buffer.consume(frame.next);
    start_over();
    return std::optional<Event>();
  }
  auto parsed =
      framer.kind() == LineKind::status ? parse_status_line(text) : parse_untagged_line(trimmed, limits.depth);
  buffer.consume(frame.next);
  start_over();
  if (!parsed) return std::unexpected<Error>(std::move(parsed).error());
  return Polled(std::in_place, std::in_place, *std::move(parsed));
}

Polled ResponseParser::State::finish_fetch(std::string_view text) {
  Lexer lexer(text, limits.depth - 1);
  if (fetch.read_on(lexer) != FetchReader::Stop::end || !fetch.closed()) return out_of_step();
  return event(UntaggedData(fetch.take()));
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

Result<std::optional<Event>> ResponseParser::poll() {
  if (state_->error) return std::unexpected<Error>(*state_->error);
  auto polled = state_->poll();
  if (!polled) state_->error = polled.error();
  return polled;
}

std::size_t ResponseParser::buffered() const noexcept {
  return state_->buffer.size();
}

void ResponseParser::discard_buffered() noexcept {
  state_->buffer.clear();
  state_->start_over();
}

}  // namespace mailferry::imap
