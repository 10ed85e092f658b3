// The doubting part of a CopyRun: what of the source is on the destination already, though no record says so.
#include "sync/claims.hpp"
#include "sync/copy_run.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>

namespace mailferry::sync {
namespace {

/// What the destination's UIDNEXT cannot be below: behind each UID that is on record. Where none is told, each message
/// had one; others may store equal messages once, as Gmail does.
Result<Uid> least_destination_next(state::Journal& journal, state::RouteId route, bool tells_uids) {
  std::uint64_t messages = 0;
  Uid next = 0;
  for (Uid from = 1; from != 0;) {
    TRY(const auto runs, journal.settled(route, from));
    from = runs.empty() ? 0 : runs.back().source + runs.back().count;
    for (const auto& run : runs) {
      messages += run.count;
      if (run.destination != 0) next = std::max(next, run.destination + run.count);
    }
  }
  return tells_uids ? next : std::max(next, static_cast<Uid>(messages + 1));
}

/// Where there is a history headers prove nothing: a draft may keep all of them when it is edited.
bool is_any(const Digest& /*identity*/) {
  return true;
}

class DigestSink final : public RestartableSink {
 public:
  void message(store::MessageMeta&& meta) override { digests.push_back(meta.identity.digest); }
  void restart() override { digests.clear(); }
  std::vector<Digest> digests;
};

/// In order.
Task<std::vector<Digest>> identities_in_several(SessionPair& pair, const RouteWork& work) {
  std::vector<store::ScanRequest> requests{scan_of(work.source, work.route.source_validity)};
  for (const auto* sibling : work.siblings) {
    if (!sibling->dead()) requests.push_back(scan_of(sibling->source, sibling->route.source_validity));
  }
  std::deque<DigestSink> sinks(requests.size());
  std::vector<store::MetaSink*> pointers;
  for (std::size_t index = 0; index < requests.size(); ++index) {
    requests[index].detail.identity = true;
    pointers.push_back(&sinks[index]);
  }
  // One that cannot be listed is told of where it is copied.
  CO_CHECK(co_await pair.source->scan(requests, pointers));
  std::vector<Digest> all;
  for (auto& sink : sinks)
    all.insert(all.end(), sink.digests.begin(), sink.digests.end());
  std::ranges::sort(all);
  std::vector<Digest> several;
  for (std::size_t index = 1; index < all.size(); ++index) {
    if (all[index] == all[index - 1]) several.push_back(all[index]);
  }
  co_return several;
}

Uid parse_uid(std::string_view text) {
  Uid uid = 0;
  std::from_chars(text.data(), text.data() + text.size(), uid);
  return uid;
}

}  // namespace

/// What is on record may be older, or newer, than what the servers have.
Result<> CopyRun::doubt_history(RouteWork& work, const RouteSpec& spec) {
  auto& journal = context_.journal.journal();
  const auto& now = work.source_status;
  // Modification sequences that count anew, as after a repair of indexes, say nothing about flags "since" then; and a
  // mailbox that has none any more (NOMODSEQ) refuses to be asked by them (RFC 7162 §3.1.2.2).
  if (now.highest_modseq < work.route.source_modseq) work.route.source_modseq = 0;
  TRY(const auto highest, journal.highest_settled(work.route.id));
  if (now.uid_next != 0 && (now.uid_next < work.route.source_uid_next || now.uid_next <= highest))
    work.route.source_uid_next = 0;
  TRY(const auto note, journal.note(context_.journal.pair(), destination_next_note(work.route.id)));
  const Uid recorded = parse_uid(note.value_or(""));
  work.next_recorded = recorded != 0;
  const Uid next = spec.destination_status->uid_next;
  if (recorded != 0 && recorded < next) work.unrecorded_from = recorded;
  auto least = recorded;
  if (recorded == 0) {
    TRY(least, least_destination_next(journal, work.route.id, pair_.destination->traits().uid_plus));
  }
  if (next != 0 && next < least) work.next_expected = least;
  TRY(const auto set_back, journal.note(context_.journal.pair(), set_back_note(work.route.id)));
  if (set_back) work.unrecorded_from = 1;
  return {};
}

/// Destinations whose UIDNEXT went down: they were restored from a copy, or made anew under the same UIDVALIDITY. They
/// are opened first, and again after a while, as some servers lag.
Task<> CopyRun::look_for_restored() {
  CO_CHECK(co_await open_doubted());
  const auto is_doubted = [](const RouteWork& work) { return work.next_expected != 0 && !work.dead(); };
  if (std::ranges::none_of(context_.queue.routes, is_doubted)) co_return Result<>{};
  co_await async::sleep_for(context_.settings.second_look, context_.stop_requested);
  CO_CHECK(co_await open_doubted());
  for (auto& work : context_.queue.routes) {
    if (!is_doubted(work)) continue;
    work.set_back = true;
    work.route.source_uid_next = 0;
    // What was in doubt is looked for with all the others: the UIDs from which on it would be say nothing any more.
    work.doubt = {};
    open_intents_.erase(work.route.id);
  }
  co_return Result<>{};
}

/// Those that count as high as they should are not doubted any more.
Task<> CopyRun::open_doubted() {
  std::vector<RouteWork*> asked;
  std::vector<store::ScanRequest> requests;
  for (auto& work : context_.queue.routes) {
    if (work.next_expected == 0 || work.dead()) continue;
    asked.push_back(&work);
    requests.push_back(scan_of(work.destination, work.route.destination_validity, work.next_expected));
  }
  if (requests.empty()) co_return Result<>{};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(const auto opened, co_await pair_.destination->scan(requests, no_sinks));
  for (std::size_t index = 0; index < asked.size(); ++index) {
    auto& work = *asked[index];
    if (!opened[index]) {
      work.report->error = opened[index].error();
    } else if (const Uid next = opened[index]->status.uid_next; next == 0 || next >= work.next_expected) {
      work.next_expected = 0;
    }
  }
  co_return Result<>{};
}

Task<> CopyRun::match_first() {
  for (auto& work : context_.queue.routes) {
    if (!work.match_first || work.dead()) continue;
    auto matched = co_await match_existing(work);
    if (!matched && matched.error().scope != Scope::mailbox) co_return matched;
    if (!matched) work.report->error = matched.error();
  }
  co_return Result<>{};
}

/// No state, but mail on both sides: what is on the destination already is recognised and not sent again.
Task<> CopyRun::match_existing(RouteWork& work) {
  auto source = scan_of(work.source, work.route.source_validity);
  auto destination = scan_of(work.destination, work.route.destination_validity);
  const std::vector<store::ScanRequest> list{source};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(auto listed, co_await pair_.source->scan(list, no_sinks));
  if (!listed.front()) co_return std::unexpected(listed.front().error());
  work.report->unlisted = listed.front()->unlisted;
  CO_TRY(auto claimed, co_await claimed_by_siblings(context_, pair_, work, 1));
  CO_CHECK(co_await add_claims_of_earlier_runs(context_, pair_, stored_routes_, work, 1, claimed));
  CO_TRY(const auto ambiguous, co_await shared_identities(work));
  CO_TRY(const auto matched, co_await match_by_identity(pair_, source, destination, claimed, nullptr, ambiguous));
  work.source_status.uid_next = listed.front()->status.uid_next;
  if (listed.front()->status.highest_modseq != 0)
    work.source_status.highest_modseq = listed.front()->status.highest_modseq;
  work.todo = listed.front()->uids;
  take_match(work, matched);
  work.match_first = false;
  work.report->on_source = listed.front()->uids.size();
  work.report->present = matched.size();
  work.report->planned = work.todo.size();
  co_return Result<>{};
}

/// Mailboxes that were set back, and state files from a copy of before: what seems new may have been copied. Where it
/// is known what nobody claims, match_unclaimed() finds it.
Task<> CopyRun::match_unrecorded() {
  for (auto& work : context_.queue.routes) {
    if (work.unrecorded_from == 0 || work.todo.empty() || work.dead()) continue;
    // Behind a UID others may have brought what is theirs without being told where.
    if (work.unrecorded_from > 1) {
      if (shares_destination(work)) continue;
      CO_TRY(const bool is_known, knows_unclaimed(context_, pair_, stored_routes_, work));
      if (is_known) continue;
    }
    auto matched = co_await match_unrecorded_of(work);
    if (!matched && matched.error().scope != Scope::mailbox) co_return matched;
    if (!matched) work.report->error = matched.error();
  }
  co_return Result<>{};
}

Task<> CopyRun::match_unrecorded_of(RouteWork& work) {
  auto source = scan_of(work.source, work.route.source_validity);
  source.uids = work.todo;
  const Uid from = work.unrecorded_from;
  auto destination = scan_of(work.destination, work.route.destination_validity, from);
  CO_TRY(auto claimed, co_await claimed_by_siblings(context_, pair_, work, from));
  CO_CHECK(co_await add_claims_of_earlier_runs(context_, pair_, stored_routes_, work, from, claimed));
  CO_CHECK(co_await add_own_claims(context_, pair_, work, from, claimed));
  const auto ambiguous = work.set_back ? plan::Ambiguous{} : plan::Ambiguous(is_any);
  CO_TRY(const auto matched, co_await match_by_identity(pair_, source, destination, claimed, nullptr, ambiguous));
  take_later_match(work, matched);
  co_return Result<>{};
}

/// Mail that nothing on record claims, and that a message was copied to before it was moved away and back.
Task<> CopyRun::match_unclaimed() {
  std::vector<RouteWork*> asked;
  for (auto& work : context_.queue.routes) {
    // Of what is set back nothing on record holds: all of it was matched with the whole mailbox.
    if (!work.fresh && !work.dead() && !work.todo.empty() && !work.set_back) asked.push_back(&work);
  }
  CO_TRY(const auto mails, co_await look_for_unclaimed(context_, pair_, stored_routes_, std::move(asked)));
  for (const auto& mail : mails) {
    auto matched = co_await match_unclaimed_of(mail);
    if (!matched && matched.error().scope != Scope::mailbox) co_return matched;
    if (!matched) mail.work->report->error = matched.error();
  }
  co_return Result<>{};
}

/// What was moved away on the destination and back is its own message's copy, and not that of an equal one.
Task<> CopyRun::take_displaced(const UnclaimedMail& mail, UidSet& taken) {
  for (const auto& displaced : mail.displaced) {
    auto source = scan_of(displaced.source, displaced.source_validity);
    source.uids = displaced.uids;
    auto destination = scan_of(mail.work->destination, mail.work->route.destination_validity);
    destination.uids = mail.candidates;
    const auto matched = co_await match_by_identity(pair_, source, destination, taken, nullptr, is_any);
    if (!matched) {
      CO_TRY(const bool gone, co_await is_gone(pair_, displaced.source, matched.error()));
      if (gone) continue;
    }
    CO_CHECK(matched);
    taken.add(uids_of(*matched, &MatchedMessage::destination));
  }
  co_return Result<>{};
}

/// A draft may keep all but its text when it is edited: only the contents tell.
Task<> CopyRun::match_unclaimed_of(const UnclaimedMail& mail) {
  auto& work = *mail.work;
  auto source = scan_of(work.source, work.route.source_validity);
  auto destination = scan_of(work.destination, work.route.destination_validity);
  source.uids = mail.wanted.intersection(work.todo);
  destination.uids = mail.candidates;
  UidSet taken;
  for (const auto* sibling : work.siblings) {
    for (const auto& found : sibling->found)
      taken.add(found.destination);
  }
  CO_CHECK(co_await take_displaced(mail, taken));
  CO_TRY(const auto matched, co_await match_by_identity(pair_, source, destination, taken, nullptr, is_any));
  take_later_match(work, matched);
  co_return Result<>{};
}

/// Identities that several source mailboxes have which go to one place. One message there is only one of theirs, and
/// headers do not tell whose.
Task<plan::Ambiguous> CopyRun::shared_identities(const RouteWork& work) {
  if (work.siblings.empty()) co_return plan::Ambiguous{};
  auto& known = shared_identities_[work.destination];
  if (!known) {
    CO_TRY(auto digests, co_await identities_in_several(pair_, work));
    known = std::make_shared<const std::vector<Digest>>(std::move(digests));
  }
  co_return plan::Ambiguous(
      [digests = known](const Digest& digest) { return std::ranges::binary_search(*digests, digest); });
}

void CopyRun::take_later_match(RouteWork& work, const std::vector<MatchedMessage>& matched) {
  take_match(work, matched);
  work.known_destination.add(uids_of(matched, &MatchedMessage::destination));
  work.report->present += matched.size();
  work.report->planned -= std::min<std::uint64_t>(work.report->planned, matched.size());
}

bool CopyRun::shares_destination(const RouteWork& work) const {
  return !work.siblings.empty() || std::ranges::any_of(stored_routes_, [&](const state::Route& route) {
    return route.destination_mailbox == work.route.destination_mailbox &&
           route.source_mailbox != work.route.source_mailbox;
  });
}

void CopyRun::take_match(RouteWork& work, const std::vector<MatchedMessage>& matched) {
  work.todo.remove(uids_of(matched, &MatchedMessage::source));
  std::map<std::pair<std::string, std::string>, FlagWork> groups;
  for (const auto& match : matched) {
    // Without common history nothing tells which side is newer: flags are added and none is taken away. On record is
    // what came from the source, never what only the destination has: that is its own.
    const auto missing = match.source_flags.minus(match.destination_flags);
    auto common = match.source_flags.minus(missing);
    work.found.push_back({match.source, match.destination, common});
    if (missing.empty()) continue;
    auto& group = groups[{common.to_string(), match.source_flags.to_string()}];
    group.before = std::move(common);
    group.now = match.source_flags;
    group.source.add(match.source);
    group.destination.add(match.destination);
    ++work.report->flags_planned;
  }
  for (auto& [key, group] : groups)
    work.flag_work.push_back(std::move(group));
}

}  // namespace mailferry::sync
