#include "imap/command/command_parser.hpp"

#include "imap/command/grammar/grammar.hpp"
#include "imap/command/input_buffer.hpp"
#include "imap/command/literal_header.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::imap {
namespace {

/// Where the next octets belong.
enum class Mode {
  line,      // the text of a command
  literal,   // a held literal
  message,   // a message of APPEND
  skip,      // a literal of a command that was refused
  raw_line,  // expect_line()
};

/// The APPEND whose messages are passing.
struct Append {
  std::string tag;
  std::string mailbox;
  std::uint32_t messages = 0;
  bool utf8 = false;  // of the last message
};

/// Why the rest of a command is dropped.
struct Refusal {
  std::optional<BadCommand> event;  // nullopt: the owner has answered
};

}  // namespace

struct CommandParser::State {
  explicit State(CommandLimits given) : limits(given) {}

  /// Does one thing; false: more octets are needed. An event, if any, is in `event`.
  Result<bool> step();
  Result<bool> read_line();
  Result<bool> read_raw_line();
  bool read_literal();
  bool read_message();
  bool skip_literal();

  /// A line without its end and the size that it had with it; nullopt: it is not complete.
  Result<std::optional<std::string_view>> take_line();
  Result<> take_literal_header(const LiteralHeader& header);
  void take_message_header(MessageHead head, const LiteralHeader& header);
  Result<std::optional<MessageHead>> classify_literal() const;
  Result<> refuse_literal(const LiteralHeader& header, std::string reason);
  void finish_command();
  void finish_append();
  void start_over();
  [[nodiscard]] std::string current_tag() const { return append ? append->tag : find_tag(text); }
  [[nodiscard]] Error broken(std::string message) const;

  CommandLimits limits;
  InputBuffer input;
  Mode mode = Mode::line;
  CommandText text;
  std::size_t line_octets = 0;  // of the command so far
  std::size_t held = 0;         // octets of its literals
  std::uint64_t remaining = 0;  // of the literal that is being read
  std::optional<Append> append;
  std::optional<Refusal> refusal;
  bool awaits_plus = false;  // the owner has not polled on after a synchronizing MessageBegin
  std::optional<CommandEvent> event;
  std::optional<Error> error;
};

Error CommandParser::State::broken(std::string message) const {
  return Error{.kind = ErrorKind::protocol,
               .scope = Scope::account,
               .retry = Retry::never,
               .retry_after = {},
               .message = std::move(message),
               .remedy = {},
               .trail = {}};
}

void CommandParser::State::start_over() {
  mode = Mode::line;
  text.clear();
  line_octets = 0;
  held = 0;
  append.reset();
  refusal.reset();
}

Result<bool> CommandParser::State::step() {
  switch (mode) {
    case Mode::line:
      return read_line();
    case Mode::raw_line:
      return read_raw_line();
    case Mode::literal:
      return read_literal();
    case Mode::message:
      return read_message();
    case Mode::skip:
      return skip_literal();
  }
  return false;
}

Result<std::optional<std::string_view>> CommandParser::State::take_line() {
  const auto line = input.take_line();
  const auto octets = line ? line->octets : input.size();
  if (line_octets + octets > limits.line) {
    return std::unexpected(broken("the client sent a command longer than this server allows"));
  }
  if (!line) return std::nullopt;
  line_octets += octets;
  return line->text;
}

Result<bool> CommandParser::State::read_raw_line() {
  TRY(const auto line, take_line());
  if (!line) return false;
  event = RawLine{std::string(*line)};
  start_over();
  return true;
}

Result<bool> CommandParser::State::read_line() {
  TRY(const auto line, take_line());
  if (!line) return false;
  const auto header = find_literal_header(*line);
  if (!refusal) {
    const auto start = text.octets.size();
    text.octets += *line;
    if (header) text.literals.push_back({start + header->position, text.octets.size(), 0, header->binary});
  }
  if (header) {
    CHECK_OK(take_literal_header(*header));
  } else {
    finish_command();
  }
  return true;
}

Result<> CommandParser::State::take_literal_header(const LiteralHeader& header) {
  if (refusal) return refuse_literal(header, {});
  auto message = classify_literal();
  if (!message) return refuse_literal(header, std::move(message.error().message));
  if (*message) {
    if (header.size > kLargestLiteral) return refuse_literal(header, "the message is too large");
    take_message_header(**std::move(message), header);
    return {};
  }
  if (header.size > limits.held_literal || header.size > limits.held_total - held) {
    return refuse_literal(header, "the literal is too large");
  }
  held += static_cast<std::size_t>(header.size);
  text.literals.back().size = static_cast<std::size_t>(header.size);
  remaining = header.size;
  mode = Mode::literal;
  if (header.synchronizing) event = ContinuationNeeded{};
  return {};
}

/// nullopt: a literal to be held.
Result<std::optional<MessageHead>> CommandParser::State::classify_literal() const {
  if (!append) return parse_append_start(text, limits.depth);
  TRY(auto head, parse_append_next(text, append->utf8, limits.depth));
  return std::optional(std::move(head));
}

void CommandParser::State::take_message_header(MessageHead head, const LiteralHeader& header) {
  if (!append) append = Append{.tag = find_tag(text), .mailbox = std::move(head.mailbox), .messages = 0, .utf8 = false};
  append->utf8 = head.utf8;
  event = MessageBegin{.tag = append->tag,
                       .mailbox = append->mailbox,
                       .index = append->messages++,
                       .flags = std::move(head.flags),
                       .date = head.date,
                       .size = header.size,
                       .synchronizing = header.synchronizing,
                       .binary = header.binary,
                       .utf8 = head.utf8};
  text.clear();
  line_octets = 0;
  remaining = header.size;
  awaits_plus = header.synchronizing;
  mode = Mode::message;
}

/// RFC 9051 §4.3: a client that waits for "+" sends nothing when its command is answered; any other literal comes.
Result<> CommandParser::State::refuse_literal(const LiteralHeader& header, std::string reason) {
  if (!refusal) refusal = Refusal{BadCommand{.tag = current_tag(), .text = std::move(reason)}};
  if (header.synchronizing) {
    finish_command();
    return {};
  }
  if (header.size > limits.skipped_literal) {
    return std::unexpected(broken("the client sent a literal larger than this server reads"));
  }
  remaining = header.size;
  mode = Mode::skip;
  return {};
}

bool CommandParser::State::read_literal() {
  const auto octets = input.take(remaining);
  text.octets += octets;
  remaining -= octets.size();
  if (remaining > 0) return false;
  mode = Mode::line;
  return true;
}

bool CommandParser::State::read_message() {
  awaits_plus = false;
  if (remaining == 0) {
    event = MessageEnd{};
    mode = Mode::line;
    return true;
  }
  const auto octets = input.take(remaining);
  remaining -= octets.size();
  if (!octets.empty()) event = MessageChunk{octets};
  return !octets.empty();
}

bool CommandParser::State::skip_literal() {
  remaining -= input.take(remaining).size();
  if (remaining > 0) return false;
  mode = Mode::line;
  // What is dropped counts as a line of its own: it is not held.
  line_octets = 0;
  return true;
}

void CommandParser::State::finish_command() {
  if (refusal) {
    if (refusal->event) event = std::move(*refusal->event);
  } else if (append) {
    finish_append();
  } else if (auto command = parse_command(text, limits.depth)) {
    event = *std::move(command);
  } else {
    event = BadCommand{.tag = find_tag(text), .text = std::move(command.error().message)};
  }
  start_over();
}

void CommandParser::State::finish_append() {
  if (const auto end = parse_append_end(text, append->utf8, limits.depth); !end) {
    event = BadCommand{.tag = std::move(append->tag), .text = end.error().message};
    return;
  }
  AppendCommand command{.mailbox = std::move(append->mailbox), .messages = append->messages};
  event = ParsedCommand{.tag = std::move(append->tag), .name = "APPEND", .data = std::move(command)};
}

CommandParser::CommandParser(CommandLimits limits) : state_(std::make_unique<State>(limits)) {}
CommandParser::~CommandParser() = default;
CommandParser::CommandParser(CommandParser&&) noexcept = default;
CommandParser& CommandParser::operator=(CommandParser&&) noexcept = default;

std::span<char> CommandParser::prepare(std::size_t hint) {
  return state_->input.prepare(hint);
}
void CommandParser::commit(std::size_t octets) {
  state_->input.commit(octets);
}

void CommandParser::feed(std::string_view octets) {
  const auto room = prepare(octets.size());
  std::copy(octets.begin(), octets.end(), room.begin());
  commit(octets.size());
}

Result<std::optional<CommandEvent>> CommandParser::poll() {
  auto& state = *state_;
  state.event.reset();
  while (!state.event) {
    if (state.error) return std::unexpected(*state.error);
    const auto progress = state.step();
    if (!progress) {
      state.error = progress.error();
    } else if (!*progress) {
      return std::nullopt;
    }
  }
  return std::move(state.event);
}

void CommandParser::expect_line() {
  state_->mode = Mode::raw_line;
}

void CommandParser::refuse() {
  auto& state = *state_;
  if (!state.append) return;
  if (state.mode == Mode::message && state.awaits_plus) return state.start_over();
  state.refusal = Refusal{};
  if (state.mode == Mode::message) state.mode = Mode::skip;
}

std::size_t CommandParser::buffered() const noexcept {
  return state_->input.size();
}
std::string CommandParser::take_buffered() {
  return std::string(state_->input.take(state_->input.size()));
}

}  // namespace mailferry::imap
