// Laws of the texts of the state file: runs of settled messages and keys of mailboxes. What is read is possible, and
// reading what was written gives it again. The first four octets are the first source UID of the row.
#include "fuzz/law.hpp"
#include "state/mailbox_key.hpp"
#include "state/run_table.hpp"
#include "state/run_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace mailferry::state {
namespace {

bool is_same(const SettledRun& left, const SettledRun& right) {
  return left.source == right.source && left.count == right.count && left.destination == right.destination &&
         left.flags == right.flags;
}

void check_runs(Uid first, std::string_view text) {
  const auto runs = parse_runs(first, text);
  if (!runs) return;
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
