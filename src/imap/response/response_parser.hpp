// Server octets → events, incrementally. No I/O: the owner reads into prepare()'s buffer and polls. Any split of the
// input gives the same events. Message bodies are never held: a literal that answers BODY[…], BINARY[…] or RFC822… in
// a FETCH comes out as chunks that point into the buffer; all other literals are held up to a limit.
#pragma once

#include "imap/response/response.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace mailferry::imap {

/// Bounds on what a peer can make us hold. Exceeding one is an Error{protocol, account}: the connection is unusable.
struct ParserLimits {
  std::size_t line = 1U << 20;               // octets of one response without its literals
  std::size_t number_list_line = 64U << 20;  // the same for SEARCH, SORT, ESEARCH, VANISHED and COPYUID answers
  std::size_t held_literal = 1U << 20;       // octets of one literal kept in memory
  std::size_t held_total = 4U << 20;         // octets of one whole response kept in memory
  int depth = 64;                            // nesting of parentheses
  std::size_t streamed_from = 0;             // body literals of at least this size are streamed; smaller ones held
};

/// A streamed literal begins. `so_far` holds the FETCH items that stood before it; FetchEnd follows after the last
/// BodyEnd of the response.
struct BodyBegin {
  const FetchData* so_far = nullptr;  // valid until the next poll()
  std::string section;                // "BODY[]", "BODY[HEADER.FIELDS (DATE)]", "RFC822", …
  std::uint64_t size = 0;
};
/// Part of the literal; points into the parser's buffer, valid until the next poll() or prepare().
struct BodyChunk {
  std::span<const char> data;
};
struct BodyEnd {};
/// A FETCH of which something was streamed is complete, the sections in question marked `streamed`. One of which
/// nothing was streamed comes as UntaggedData.
struct FetchEnd {
  FetchData* data = nullptr;  // valid until the next poll(); may be moved from
};

using Event = std::variant<StatusResponse, Continuation, UntaggedData, BodyBegin, BodyChunk, BodyEnd, FetchEnd>;

class ResponseParser {
 public:
  explicit ResponseParser(ParserLimits limits = {});
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  /// At least `hint` octets of room to read into; call commit() with how many were filled.
  [[nodiscard]] std::span<char> prepare(std::size_t hint = 64U << 10);
  void commit(std::size_t octets);
  /// Copying form of prepare and commit, for tests.
  void feed(std::string_view octets);

  /// The next event; null: more octets are needed. It lives in the parser, so that the events of a small message cost
  /// no moves: the caller may move out of it, and it is valid until the next poll(). After an error the parser stays in
  /// error.
  /// Errors (protocol, account): a limit is exceeded; what follows a streamed literal shows that its size was announced
  /// wrongly, so that the message just given must not be kept (Retry::now).
  /// A malformed line that is not needed to stay in step (an unknown or broken untagged response) comes out as
  /// OtherData.
  [[nodiscard]] Result<Event*> poll();

  /// Octets received and not yet turned into events (STARTTLS must find none; RFC 9051 §6.2.1).
  [[nodiscard]] std::size_t buffered() const noexcept;
  /// Forgets buffered octets.
  void discard_buffered() noexcept;
  /// Gives back the memory of the buffer, if nothing is in it.
  void make_small() noexcept;
  /// The same octets are given out.
  [[nodiscard]] std::string take_buffered();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailferry::imap
