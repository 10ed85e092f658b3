// Finds where responses, and the literals inside them, begin and end in a stream of octets. It knows lines, literals
// and limits; it does not know what a response means.
#pragma once

#include "imap/response/response_parser.hpp"

#include <cstdint>

namespace mailferry::imap {

/// What decides how a line is framed.
enum class LineKind {
  status,  // OK, NO, BAD, BYE, PREAUTH, "+", or no response at all: text to the end of the line, never a literal
  fetch,   // FETCH, UIDFETCH: literals, some of which are streamed
  data,    // every other untagged response
};
struct LineClass {
  LineKind kind = LineKind::status;
  bool number_list = false;  // long sets of numbers are expected: ParserLimits::number_list_line
};
/// Needs only the first words of the line.
[[nodiscard]] LineClass classify_line(std::string_view line) noexcept;

/// A piece of a response, as offsets into the octets given to Framer::next().
struct Frame {
  enum class Kind { incomplete, literal, complete };
  Kind kind = Kind::incomplete;
  std::size_t text_end = 0;  // complete: where the line end begins; literal: where "{" or "~{" stands
  std::size_t next = 0;      // behind the line end
  std::uint64_t literal_size = 0;
};

class Framer {
 public:
  explicit Framer(const ParserLimits& limits) : limits_(limits) {}

  /// `live` begins with the response, or with what follows a streamed literal of it, and may have grown since the last
  /// call. Errors: a limit is exceeded.
  [[nodiscard]] Result<Frame> next(std::string_view live);

  /// The literal of `frame` stays in memory, as part of the response.
  [[nodiscard]] Result<void> hold(const Frame& frame);
  /// The octets up to frame.next and the literal are used up by the caller.
  void stream(const Frame& frame);
  /// The same for the first `octets`, which the caller knows to be the head of a FETCH: next() goes on behind its body.
  void stream_fetch(std::size_t octets) noexcept {
    class_ = {LineKind::fetch, false};
    classified_ = true;
    line_octets_ = octets;
    fragment_ = scanned_ = held_octets_ = 0;
  }
  /// The response is over; the next call of next() sees the one behind it.
  void finish() noexcept {
    classified_ = false;
    fragment_ = scanned_ = line_octets_ = held_octets_ = 0;
  }

  [[nodiscard]] LineKind kind() const noexcept { return class_.kind; }
  /// Where the part of the response behind its last held literal begins.
  [[nodiscard]] std::size_t fragment() const noexcept { return fragment_; }

 private:
  [[nodiscard]] Result<void> check_line(std::size_t fragment_octets) const;
  [[nodiscard]] Result<void> check_unfinished(std::string_view live) const;
  void classify(std::string_view live) noexcept;

  ParserLimits limits_;
  LineClass class_;
  bool classified_ = false;
  std::size_t fragment_ = 0;
  std::size_t scanned_ = 0;
  std::size_t line_octets_ = 0;
  std::size_t held_octets_ = 0;
};

}  // namespace mailferry::imap
