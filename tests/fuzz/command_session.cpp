#include "fuzz/command_session.hpp"

#include "fuzz/print_command.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mailferry::imap {
namespace {

/// Takes events one by one, as a server session does.
class Session {
 public:
  explicit Session(const CommandLimits& limits) : parser_(limits) {}

  /// False: the parser is in error.
  bool feed(std::string_view octets) {
    parser_.feed(octets);
    while (true) {
      auto event = parser_.poll();
      if (!event) {
        result_.events += "ERROR " + event.error().message + "\n";
        return false;
      }
      if (!*event) return true;
      std::visit([this](auto& each) { take(each); }, **event);
    }
  }

  SessionResult take_result() { return std::move(result_); }

 private:
  void take(ParsedCommand& command) {
    result_.events += "COMMAND " + print_command(command);
    const auto* simple = std::get_if<SimpleCommand>(&command.data);
    const bool idle = simple != nullptr && simple->kind == SimpleCommand::Kind::idle;
    if (idle || std::holds_alternative<AuthenticateCommand>(command.data)) parser_.expect_line();
    result_.commands.push_back(std::move(command));
  }
  void take(const ContinuationNeeded&) { result_.events += "+\n"; }
  void take(const MessageBegin& message) {
    result_.events +=
        fmt::format("MESSAGE {} {} {} ({}) {} {}{}{}{}: ", message.tag, message.mailbox, message.index,
                    message.flags.to_string(), message.date ? message.date->to_string() : "-", message.size,
                    message.synchronizing ? " sync" : "", message.binary ? " binary" : "", message.utf8 ? " utf8" : "");
    if (!message.mailbox.starts_with("refuse")) return;
    result_.events += "REFUSED\n";
    parser_.refuse();
  }
  void take(const MessageChunk& chunk) { result_.events.append(chunk.data.data(), chunk.data.size()); }
  void take(const MessageEnd&) { result_.events += "\nEND\n"; }
  void take(const BadCommand& bad) { result_.events += fmt::format("BAD {} {}\n", bad.tag, bad.text); }
  void take(const RawLine& line) { result_.events += "LINE " + line.text + "\n"; }

  CommandParser parser_;
  SessionResult result_;
};

}  // namespace

SessionResult run_session(std::string_view octets, const ChunkSize& next_chunk, const CommandLimits& limits) {
  Session session(limits);
  while (!octets.empty()) {
    const auto count = std::min(octets.size(), next_chunk());
    if (!session.feed(octets.substr(0, count))) break;
    octets.remove_prefix(count);
  }
  return session.take_result();
}

SessionResult run_session(std::string_view octets, const CommandLimits& limits) {
  return run_session(
      octets, [size = octets.size()] { return size; }, limits);
}

}  // namespace mailferry::imap
