// Laws of the texts of the state file: runs of settled messages and keys of mailboxes. What is read is possible, and
// reading what was written gives it again. The first four octets are the first source UID of the row.
#include "fuzz/law.hpp"
#include "state/mailbox_key.hpp"
#include "state/run_table.hpp"
#include "state/run_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace mailferry::state {
namespace {

bool is_same(const SettledRun& left, const SettledRun& right) {
  return left.source == right.source && left.count == right.count && left.destination == right.destination &&
         left.flags == right.flags;
}

/// Digits at the front; nothing when there are none, or too many for any UID.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  const auto size = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto digits = text.substr(std::min(text.find_first_not_of('0'), size), size);
  if (size == 0 || digits.substr(0, digits.find_first_not_of("0123456789")).size() > 10) return {};
  const auto number = std::stoull(std::string(text.substr(0, size)));
  text.remove_prefix(size);
  return number;
}

/// The runs as docs/formats/state.md tells them, written down plainly: source, count, destination and flags each.
std::optional<std::string> told(Uid first, std::string_view text) {
  std::string out;
  std::uint64_t source = first;
  std::uint64_t destination = 0;
  constexpr std::uint64_t kEnd = 0xFFFFFFFF;
  for (bool more = true; more;) {
    more = text.contains('\n');
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + (more ? 1 : 0));
    const auto count = take_number(line);
    const auto after = [&line](char mark, std::uint64_t otherwise) -> std::optional<std::uint64_t> {
      if (!line.starts_with(mark)) return otherwise;
      line.remove_prefix(1);
      return take_number(line);
    };
    const auto gap = count ? after('+', 0) : std::nullopt;
    const auto begin = gap ? after('@', destination) : std::nullopt;
    if (!begin || *count == 0 || !(line.empty() || line.starts_with(' '))) return {};
    source += *gap;
    if (source == 0 || source + *count > kEnd || *begin + *count > kEnd || (out.empty() && source != first)) return {};
    const auto flags = Flags::from_string(line.substr(line.empty() ? 0 : 1));
    out += fmt::format("{} {} {} {}\n", source, *count, *begin, flags.to_string());
    source += *count;
    destination = *begin == 0 ? 0 : *begin + *count;
  }
  return out;
}

void check_runs(Uid first, std::string_view text) {
  const auto runs = parse_runs(first, text);
  const auto expected = told(first, text);
  require_law("rows are read exactly as their grammar says", runs.has_value() == expected.has_value());
  if (!runs) return;
  std::string read;
  for (const auto& run : *runs)
    read += fmt::format("{} {} {} {}\n", run.source, run.count, run.destination, run.flags.to_string());
  require_equal("runs are those of the grammar", read, *expected);
  require_law("a row has a run, and begins where it says", !runs->empty() && runs->front().source == first);
  require_law("runs are possible", std::ranges::all_of(*runs, is_possible));
  require_law("runs ascend and do not overlap",
              std::ranges::adjacent_find(*runs, [](const SettledRun& left, const SettledRun& right) {
                return end_of(left) > right.source;
              }) == runs->end());
  const auto written = to_text(*runs);
  const auto again = parse_runs(first, written);
  require_law("what is written can be read", again.has_value());
  require_law("reading what is written gives the same runs", std::ranges::equal(*runs, *again, is_same));
  require_equal("writing is stable", to_text(*again), written);
}

void check_key(const std::string& key) {
  const auto path = parse_mailbox_key(key);
  if (!path) {
    require_law("a key that cannot be read is damage of a mailbox",
                path.error().kind == ErrorKind::state_corrupt && path.error().scope == Scope::mailbox);
    return;
  }
  const auto written = to_mailbox_key(*path);
  require_law("reading what is written gives the same path", parse_mailbox_key(written).value() == *path);
  if (path->empty() || path->components().front() != "INBOX") require_equal("one path has one key", written, key);
}

/// Lines as the levels of a path.
void check_path(std::string_view lines) {
  const auto path = MailboxPath::split(lines, '\n');
  require_law("every path can be read from its key", parse_mailbox_key(to_mailbox_key(path)).value() == path);
}

}  // namespace
}  // namespace mailferry::state

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailferry;
  constexpr std::size_t kUid = 4;
  const std::string text(data, data + size);
  state::check_key(text);
  state::check_path(text);
  if (size < kUid) return 0;
  Uid first = 0;
  for (std::size_t at = 0; at < kUid; ++at)
    first = first << 8U | data[at];
  state::check_runs(first, std::string_view(text).substr(kUid));
  return 0;
}
