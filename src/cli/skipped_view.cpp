#include "cli/skipped_view.hpp"

#include "base/units.hpp"
#include "base/utf8.hpp"
#include "cli/output.hpp"

#include <boost/json.hpp>

namespace mailferry::cli {
namespace {

/// An organisation may share thousands.
constexpr std::size_t kMostOfOthers = 10;

}  // namespace

void print_skipped(const std::vector<sync::SkippedMailbox>& skipped, std::string_view what, SkippedDetail detail) {
  std::size_t of_others = 0;
  for (const auto& mailbox : skipped) {
    if (detail == SkippedDetail::surprising && (!mailbox.of_others || ++of_others > kMostOfOthers)) continue;
    print_out("  {}: not {}, {}\n", sanitize_for_terminal(mailbox.mailbox.to_string()), what,
              sanitize_for_terminal(mailbox.reason));
  }
  if (of_others > kMostOfOthers)
    print_out("  … and {} that belong to others (--verbose names all)\n",
              format_counted(of_others - kMostOfOthers, "mailbox more", "mailboxes more"));
}

boost::json::array to_json(const std::vector<sync::SkippedMailbox>& skipped) {
  boost::json::array array;
  for (const auto& mailbox : skipped)
    array.push_back({{"mailbox", mailbox.mailbox.to_string()}, {"reason", mailbox.reason}});
  return array;
}

}  // namespace mailferry::cli
