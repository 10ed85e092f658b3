#include "services/earlier_runs.hpp"

#include "base/log.hpp"
#include "state/mailbox_key.hpp"
#include "sync/copy_run.hpp"

#include <algorithm>
#include <filesystem>

namespace mailferry::services {
namespace {

/// A run ended before anything of it was brought: whether --map made it is not on record yet.
Result<bool> is_blank(state::Journal& journal, const state::Route& route, const std::vector<state::Intent>& intents) {
  if (route.source_uid_next != 0 || std::ranges::find(intents, route.id, &state::Intent::route) != intents.end())
    return false;
  TRY(const auto highest, journal.highest_settled(route.id));
  return highest == 0;
}

}  // namespace

Result<std::vector<state::Route>> placed_routes(state::Journal& journal, state::PairId pair) {
  std::vector<state::Route> placed;
  TRY(auto routes, journal.routes(pair));
  TRY(const auto intents, journal.open_intents(pair));
  for (auto& route : routes) {
    TRY(const auto mapped, journal.note(pair, sync::mapped_note(route.id)));
    TRY(const bool blank, is_blank(journal, route, intents));
    if (!blank && (!mapped || mapped->empty())) placed.push_back(std::move(route));
  }
  return placed;
}

EarlierRuns::EarlierRuns(const std::string& state_file, const config::Account& from, const config::Account& to) {
  if (!std::filesystem::exists(state_file)) return;
  auto journal = state::Journal::open(state_file);
  if (!journal) {
    log::warning("the state is not read: where mailboxes were copied to is not known, and found out by their names",
                 {{"reason", journal.error().describe()}});
    return;
  }
  const auto pair = (*journal)->find_pair(from.label(), to.label());
  if (!pair || !*pair) return;
  pair_ = **pair;
  journal_ = std::move(*journal);
  if (auto routes = placed_routes(*journal_, pair_)) routes_ = std::move(*routes);
}

MailboxPath EarlierRuns::renamed(const MailboxPath& path) const {
  if (!journal_) return {};
  const auto note = journal_->note(pair_, sync::renamed_note(path));
  if (!note || !*note) return {};
  return state::parse_mailbox_key(**note).value_or(MailboxPath{});
}

}  // namespace mailferry::services
