// Laws of the command parser: any split of the input gives the same events, and what was parsed can be written and
// parsed again to the same meaning.
#include "fuzz/command_session.hpp"
#include "fuzz/law.hpp"
#include "fuzz/print_command.hpp"

#include <cstdint>
#include <random>

namespace mailferry::imap {
namespace {

/// Small, so that short inputs reach the limits.
constexpr CommandLimits kLimits{
    .line = 2000, .held_literal = 500, .held_total = 800, .skipped_literal = 1000, .depth = 10};

void check_splits(std::string_view input, const SessionResult& whole) {
  const auto by_octet = run_session(
      input, [] { return std::size_t{1}; }, kLimits);
  require_equal("one octet at a time gives the same events", whole.events, by_octet.events);

  std::minstd_rand random(static_cast<unsigned>(std::hash<std::string_view>{}(input)));
  const auto in_pieces = run_session(
      input, [&random] { return std::size_t{1} + random() % 40; }, kLimits);
  require_equal("pieces give the same events", whole.events, in_pieces.events);
}

void check_round_trip(const ParsedCommand& command) {
  if (std::holds_alternative<AppendCommand>(command.data)) return;
  const auto text = print_command(command);
  require_equal("writing and parsing keeps the meaning", "COMMAND " + text, run_session(text).events);
}

}  // namespace
}  // namespace mailferry::imap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry::imap;
  const std::string input(data, data + size);
  const auto whole = run_session(input, kLimits);
  check_splits(input, whole);
  for (const auto& command : whole.commands)
    check_round_trip(command);
  return 0;
}
