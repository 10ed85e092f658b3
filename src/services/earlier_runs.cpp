#include "services/earlier_runs.hpp"

#include "state/mailbox_key.hpp"
#include "sync/copy_run.hpp"

#include <filesystem>

namespace mailferry::services {

Result<std::vector<state::Route>> placed_routes(state::Journal& journal, state::PairId pair) {
  std::vector<state::Route> placed;
  TRY(auto routes, journal.routes(pair));
  for (auto& route : routes) {
    TRY(const auto mapped, journal.note(pair, sync::mapped_note(route.id)));
    if (!mapped) placed.push_back(std::move(route));
  }
  return placed;
}

EarlierRuns::EarlierRuns(const std::string& state_file, const config::Account& from, const config::Account& to) {
  if (!std::filesystem::exists(state_file)) return;
  auto journal = state::Journal::open(state_file);
  if (!journal) return;
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
