#include "sync/suspects.hpp"

#include <algorithm>
#include <string_view>

namespace mailferry::sync {
namespace {

/// A group that broke a connection is divided into so many.
constexpr std::uint64_t kParts = 8;
/// How often a connection breaks with a message alone before that is blamed.
constexpr int kLoneBreaks = 3;
/// Also found in the state: by it later runs know what was blamed.
constexpr std::string_view kBlame = "the connection broke each time when this message was sent";

}  // namespace

void Suspects::add_break(const UidSet& uids, const Break& how) {
  const auto group = static_cast<std::int64_t>((how.unanswered + kParts - 1) / kParts);
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    const auto [found, is_new] = all_.try_emplace(uid, Suspect{.accepted = how.accepted});
    auto& suspect = found->second;
    const bool is_alone = how.unanswered == 1;
    if (is_alone) ++suspect.alone;
    if (is_alone) errors_.insert_or_assign(uid, how.error);
    // A second time in a row that a server stays silent ends the run.
    if (is_new && !is_alone && how.error.kind != ErrorKind::timeout) continue;
    suspect.group = suspect.group == 0 ? group : std::min(suspect.group, group);
    suspected_.add(uid);
  }
}

void Suspects::add_blamed(const std::vector<state::Parked>& parked) {
  for (const auto& message : parked) {
    if (message.reason.find(kBlame) == std::string::npos) continue;
    all_[message.source] = {.group = 1, .blamed = true};
    suspected_.add(message.source);
  }
}

void Suspects::clear(Uid uid) {
  if (all_.erase(uid) == 0) return;
  suspected_.remove(UidRange{uid, uid});
  errors_.erase(uid);
}

UidSet Suspects::among(const UidSet& uids) const {
  return suspected_.empty() ? UidSet{} : uids.intersection(suspected_);
}

bool Suspects::is_up_without(Uid uid, std::uint64_t accepted) const {
  const auto found = all_.find(uid);
  return found != all_.end() && (found->second.blamed || accepted > found->second.accepted);
}

Suspects::Turn Suspects::first_turn(const UidSet& waiting) const {
  auto each = waiting.each();
  auto first = all_.at(each.next()).turn();
  for (auto uid = each.next(); uid != 0; uid = each.next())
    first = std::min(first, all_.at(uid).turn());
  return first;
}

/// The last ones: where each message has an APPEND of its own, the first of those that were unanswered is the one that
/// broke the connection, and others show before it that the destination is not down.
UidSet Suspects::first_group(const UidSet& waiting) const {
  const auto turn = first_turn(waiting);
  std::vector<Uid> uids;
  auto each = waiting.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    if (all_.at(uid).turn() == turn) uids.push_back(uid);
  }
  const auto count = std::min<std::size_t>(uids.size(), static_cast<std::size_t>(-turn.first));
  UidSet group;
  for (auto uid = uids.end() - static_cast<std::ptrdiff_t>(count); uid != uids.end(); ++uid)
    group.add(*uid);
  return group;
}

UidSet Suspects::to_blame(const UidSet& waiting, std::uint64_t accepted, int last_resort) const {
  UidSet blamed;
  auto each = waiting.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    const auto& suspect = all_.at(uid);
    const bool is_enough = suspect.alone >= (suspect.blamed ? 1 : kLoneBreaks) && is_up_without(uid, accepted);
    if (is_enough || suspect.alone >= last_resort) blamed.add(uid);
  }
  return blamed;
}

Error Suspects::blame(Uid uid) const {
  auto reason = errors_.at(uid);
  reason.scope = Scope::message;
  reason.message = fmt::format("{}: {}", kBlame, reason.message);
  reason.remedy = "run again; if it stays so, ask the administrator of the destination what its log says of it";
  return reason;
}

}  // namespace mailferry::sync
