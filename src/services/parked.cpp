#include "services/parked.hpp"

#include "state/journal.hpp"
#include "state/mailbox_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace mailferry::services {
namespace {

std::string shown_mailbox(const std::string& key) {
  const auto path = state::parse_mailbox_key(key);
  return path ? path->to_string() : key;
}

Result<> add_parked(state::Journal& journal, const state::Journal::Pair& pair,
                    std::vector<report::ParkedStatus>& found) {
  TRY(const auto routes, journal.routes(pair.id));
  TRY(const auto parked, journal.parked(pair.id));
  for (const auto& message : parked) {
    const auto route = std::ranges::find(routes, message.route, &state::Route::id);
    if (route == routes.end()) continue;
    auto& one = found.emplace_back();
    one.account = pair.source_account;
    one.mailbox = shown_mailbox(route->source_mailbox);
    one.destination = shown_mailbox(route->destination_mailbox);
    one.uid = message.source;
    one.reason = message.reason;
    one.remedy = message.remedy;
    one.attempts = message.attempts;
    if (message.since != 0) one.since = report::WallTime(std::chrono::seconds(message.since));
  }
  return {};
}

}  // namespace

Result<std::vector<report::ParkedStatus>> read_parked(const std::string& state_file) {
  std::vector<report::ParkedStatus> found;
  if (!std::filesystem::exists(state_file))
    return fail(ErrorKind::network, Scope::run,
                fmt::format("no bridge runs with the state file {}, and it does not exist", state_file),
                "start it with mailferry bridge, or name its state file with --state");
  TRY(const auto journal, state::Journal::open(state_file));
  TRY(const auto pairs, journal->pairs());
  for (const auto& pair : pairs)
    CHECK_OK(add_parked(*journal, pair, found));
  return found;
}

}  // namespace mailferry::services
