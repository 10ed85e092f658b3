// Client octets → commands, incrementally, for the server. No I/O: the owner reads into prepare()'s buffer and polls.
// Any split of the input gives the same events. Messages of APPEND are never held: they come out as chunks that point
// into the buffer; all other literals are held up to a limit.
#pragma once

#include "imap/command/parsed_command.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace mailferry::imap {

/// Bounds on what a client can make us hold. A literal above its bound costs the client only its command; a line above
/// its bound, and a literal that cannot be skipped, are an Error{protocol, account}: the connection is unusable.
struct CommandLimits {
  std::size_t line = 64U << 10;                // octets of one command without its literals, line ends included
  std::size_t held_literal = 64U << 10;        // octets of one literal kept in memory
  std::size_t held_total = 256U << 10;         // octets of all literals of one command kept in memory
  std::uint64_t skipped_literal = 1ULL << 30;  // octets of a refused literal that are read and dropped (RFC 7888 §4)
  int depth = 64;                              // nesting of parentheses and search keys
};

/// The client waits for "+" before it sends a literal. The owner sends a continuation request, then polls on.
struct ContinuationNeeded {};

/// A message of APPEND begins. If `synchronizing`, the owner sends a continuation request; or it calls refuse() and
/// answers the command with NO. Chunks follow, then MessageEnd.
struct MessageBegin {
  std::string tag;
  std::string mailbox;      // wire form
  std::uint32_t index = 0;  // 0 for the first message of the command (RFC 3502)
  Flags flags;
  std::optional<InternalDate> date;
  std::uint64_t size = 0;
  bool synchronizing = false;
  bool binary = false;  // literal8 (RFC 3516)
  bool utf8 = false;    // RFC 6855 §4
};
/// Part of the message; points into the parser's buffer, valid until the next poll() or prepare().
struct MessageChunk {
  std::span<const char> data;
};
/// The message is complete. More may follow; the ParsedCommand with an AppendCommand, or a BadCommand, ends them.
struct MessageEnd {};

/// A command that breaks the grammar or a limit; to be answered with BAD. In the midst of an APPEND its messages are
/// void.
struct BadCommand {
  std::string tag;   // empty: none was found, the answer is untagged
  std::string text;  // for the response; quotes nothing of the client's
};

/// What expect_line() asked for: one line without its end.
struct RawLine {
  std::string text;
};

using CommandEvent =
    std::variant<ParsedCommand, ContinuationNeeded, MessageBegin, MessageChunk, MessageEnd, BadCommand, RawLine>;

class CommandParser {
 public:
  explicit CommandParser(CommandLimits limits = {});
  ~CommandParser();
  CommandParser(CommandParser&&) noexcept;
  CommandParser& operator=(CommandParser&&) noexcept;

  /// At least `hint` octets of room to read into; call commit() with how many were filled.
  [[nodiscard]] std::span<char> prepare(std::size_t hint = 16U << 10);
  void commit(std::size_t octets);
  /// Copying form of prepare and commit.
  void feed(std::string_view octets);

  /// The next event; nullopt: more octets are needed. After an error the parser stays in error.
  [[nodiscard]] Result<std::optional<CommandEvent>> poll();

  /// The next line is no command: a SASL response, or the DONE of IDLE. Only between commands.
  void expect_line();

  /// After MessageBegin, a chunk or MessageEnd: the owner answers the command itself; what is left of it is read and
  /// dropped without another event. A client that waits for "+" will send nothing more of it.
  void refuse();

  /// Octets received and not yet turned into events (RFC 9051 §6.2.1: after STARTTLS there must be none).
  [[nodiscard]] std::size_t buffered() const noexcept;
  /// Takes them out, e.g. because they are compressed (RFC 4978).
  [[nodiscard]] std::string take_buffered();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailferry::imap
