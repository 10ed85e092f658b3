#include "sync/unclaimed.hpp"

#include "state/mailbox_key.hpp"
#include "sync/steady_session.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <unordered_set>

namespace mailferry::sync {
namespace {

std::uint64_t sighting_of(const MessageIdentity& identity) {
  std::uint64_t first_half = 0;
  static_assert(sizeof(first_half) * 2 == sizeof(Digest));
  std::memcpy(&first_half, identity.digest.data(), sizeof(first_half));
  return first_half;
}

class SightingSink final : public RestartableSink {
 public:
  void message(store::MessageMeta&& meta) override { seen.insert_or_assign(meta.uid, sighting_of(meta.identity)); }
  void restart() override { seen.clear(); }
  Sightings seen;
};

struct Claims {
  UidSet uids;
  bool all_told = true;  // the destination told where each message is
};

/// Adds the destination UIDs of a run without those of `vanished` source UIDs; `next`: the first of its ranges that may
/// reach into this run or a later one.
void add_live(const state::SettledRun& run, const UidSet& vanished, std::size_t& next, UidSet& claims) {
  const auto& gone = vanished.ranges();
  while (next < gone.size() && gone[next].last < run.source)
    ++next;
  const auto add = [&](Uid first, Uid end) {
    if (first < end)
      claims.add(UidRange{run.destination + (first - run.source), run.destination + (end - run.source) - 1});
  };
  const Uid end = run.source + run.count;
  Uid from = run.source;
  for (auto at = next; at < gone.size() && gone[at].first < end; ++at) {
    add(from, gone[at].first);
    from = gone[at].last + 1;
  }
  add(from, end);
}

Result<> add_claims(state::Journal& journal, state::RouteId route, const UidSet& vanished, Claims& claims) {
  std::size_t gone = 0;
  for (Uid from = route == 0 ? 0 : 1; from != 0;) {
    TRY(const auto runs, journal.settled(route, from));
    from = runs.empty() ? 0 : runs.back().source + runs.back().count;
    for (const auto& run : runs) {
      claims.all_told = claims.all_told && run.destination != 0;
      if (run.destination != 0) add_live(run, vanished, gone, claims.uids);
    }
  }
  return {};
}

/// Of this run, not yet in the state.
void add_found(const RouteWork& work, UidSet& claims) {
  claims.add(work.known_destination);
  for (const auto& found : work.found)
    claims.add(found.destination);
}

/// Those that go where `route` goes. Of its mailbox by an earlier numbering nothing is on the source any more.
std::vector<state::Route> claimants(const std::vector<state::Route>& stored, const state::Route& route) {
  std::vector<state::Route> found;
  std::ranges::copy_if(stored, std::back_inserter(found), [&route](const state::Route& other) {
    return other.destination_mailbox == route.destination_mailbox &&
           other.destination_validity == route.destination_validity &&
           (other.id == route.id || other.source_mailbox != route.source_mailbox);
  });
  return found;
}

/// What the state and this run have of all mailboxes that go where `mail` goes.
Result<Claims> claims_on(RunContext& context, const std::vector<state::Route>& stored, const UnclaimedMail& mail) {
  const auto& route = mail.work->route;
  Claims claims;
  for (const auto& other : claimants(stored, route)) {
    const UidSet none;
    CHECK_OK(add_claims(context.journal.journal(), other.id, other.id == route.id ? mail.vanished : none, claims));
  }
  add_found(*mail.work, claims.uids);
  for (const auto* sibling : mail.work->siblings)
    add_found(*sibling, claims.uids);
  return claims;
}

/// More is on record than the mailbox has: some of it is there no more.
Result<bool> has_vanished(RunContext& context, const RouteWork& work) {
  TRY(auto known, context.journal.journal().settled_uids(work.route.id));
  known.add(work.todo);
  known.add(work.doubt);
  return known.size() > work.source_status.messages;
}

Task<> learn_vanished(RunContext& context, SessionPair& pair, std::vector<UnclaimedMail>& mails) {
  std::vector<store::ScanRequest> requests;
  std::vector<UnclaimedMail*> asked;
  for (auto& mail : mails) {
    CO_TRY(const bool vanished, has_vanished(context, *mail.work));
    if (!vanished) continue;
    requests.push_back(scan_of(mail.work->source, mail.work->route.source_validity));
    asked.push_back(&mail);
  }
  if (requests.empty()) co_return Result<>{};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(const auto listed, co_await pair.source->scan(requests, no_sinks));
  for (std::size_t index = 0; index < asked.size(); ++index) {
    // A source that does not list all says nothing about what is there no more.
    if (!listed[index] || listed[index]->unlisted > 0) continue;
    CO_TRY(asked[index]->vanished, context.journal.journal().settled_uids(asked[index]->work->route.id));
    asked[index]->vanished.remove(listed[index]->uids);
  }
  co_return Result<>{};
}

/// Lists the mailboxes. Their counts would not tell: what the user removed there is on record all the same.
Task<> list_unclaimed(RunContext& context, SessionPair& pair, const std::vector<state::Route>& stored,
                      std::vector<UnclaimedMail>& mails) {
  std::vector<store::ScanRequest> requests;
  std::vector<std::pair<UnclaimedMail*, UidSet>> asked;
  for (auto& mail : mails) {
    CO_TRY(auto claims, claims_on(context, stored, mail));
    if (!claims.all_told) continue;
    requests.push_back(scan_of(mail.work->destination, mail.work->route.destination_validity));
    asked.emplace_back(&mail, std::move(claims.uids));
  }
  if (requests.empty()) co_return Result<>{};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(const auto listed, co_await pair.destination->scan(requests, no_sinks));
  for (std::size_t index = 0; index < asked.size(); ++index) {
    if (!listed[index]) continue;
    auto& [mail, claims] = asked[index];
    mail->unclaimed = listed[index]->uids;
    mail->unclaimed.remove(claims);
    mail->missing = std::move(claims);
    mail->missing.remove(listed[index]->uids);
  }
  co_return Result<>{};
}

/// The source UIDs of what was put where it is not any more.
Result<UidSet> displaced_of(state::Journal& journal, state::RouteId route, const UidSet& missing) {
  UidSet displaced;
  for (Uid from = 1; from != 0;) {
    TRY(const auto runs, journal.settled(route, from));
    from = runs.empty() ? 0 : runs.back().source + runs.back().count;
    for (const auto& run : runs) {
      for (std::uint32_t index = 0; run.destination != 0 && index < run.count; ++index) {
        if (missing.contains(run.destination + index)) displaced.add(run.source + index);
      }
    }
  }
  return displaced;
}

Result<> learn_displaced(RunContext& context, const std::vector<state::Route>& stored, UnclaimedMail& mail) {
  if (mail.missing.empty()) return {};
  for (const auto& route : claimants(stored, mail.work->route)) {
    TRY(auto uids, displaced_of(context.journal.journal(), route.id, mail.missing));
    if (uids.empty()) continue;
    TRY(auto source, state::parse_mailbox_key(route.source_mailbox));
    mail.displaced.push_back(
        {.source = std::move(source), .source_validity = route.source_validity, .uids = std::move(uids)});
  }
  return {};
}

Result<> recall_sightings(RunContext& context, UnclaimedMail& mail) {
  TRY(const auto note, context.journal.journal().note(context.journal.pair(), unclaimed_note(mail.work->route.id)));
  mail.sightings = parse_sightings(note.value_or(""));
  std::erase_if(mail.sightings, [&mail](const auto& seen) { return !mail.unclaimed.contains(seen.first); });
  mail.unseen = mail.unclaimed;
  UidSet seen;
  for (const auto& [uid, identity] : mail.sightings)
    seen.add(uid);
  mail.unseen.remove(seen);
  return {};
}

store::ScanRequest identities_of(const MailboxPath& mailbox, UidValidity validity, const UidSet& uids) {
  auto request = scan_of(mailbox, validity);
  request.uids = uids;
  request.detail.identity = true;
  return request;
}

/// What was not looked at before.
Task<> see_unclaimed(RunContext& context, SessionPair& pair, std::vector<UnclaimedMail>& mails) {
  std::vector<store::ScanRequest> requests;
  std::deque<SightingSink> sinks;
  std::vector<store::MetaSink*> pointers;
  std::vector<UnclaimedMail*> asked;
  for (auto& mail : mails) {
    if (mail.unseen.empty()) continue;
    requests.push_back(identities_of(mail.work->destination, mail.work->route.destination_validity, mail.unseen));
    pointers.push_back(&sinks.emplace_back());
    asked.push_back(&mail);
  }
  if (requests.empty()) co_return Result<>{};
  CO_TRY(const auto seen, co_await pair.destination->scan(requests, pointers));
  for (std::size_t index = 0; index < asked.size(); ++index) {
    if (!seen[index]) continue;
    auto& mail = *asked[index];
    mail.sightings.merge(sinks[index].seen);
    context.journal.pending().notes.emplace_back(unclaimed_note(mail.work->route.id),
                                                 to_sightings_text(mail.sightings));
  }
  co_return Result<>{};
}

void compare(UnclaimedMail& mail, const Sightings& source) {
  std::unordered_set<std::uint64_t> there;
  std::unordered_set<std::uint64_t> here;
  for (const auto& [uid, identity] : mail.sightings)
    there.insert(identity);
  for (const auto& [uid, identity] : source) {
    if (!there.contains(identity)) continue;
    here.insert(identity);
    mail.wanted.add(uid);
  }
  for (const auto& [uid, identity] : mail.sightings) {
    if (here.contains(identity)) mail.candidates.add(uid);
  }
}

Task<> see_source(SessionPair& pair, std::vector<UnclaimedMail>& mails) {
  std::vector<store::ScanRequest> requests;
  std::deque<SightingSink> sinks;
  std::vector<store::MetaSink*> pointers;
  for (const auto& mail : mails) {
    requests.push_back(identities_of(mail.work->source, mail.work->route.source_validity, mail.work->todo));
    pointers.push_back(&sinks.emplace_back());
  }
  if (requests.empty()) co_return Result<>{};
  CO_TRY(const auto seen, co_await pair.source->scan(requests, pointers));
  for (std::size_t index = 0; index < mails.size(); ++index) {
    if (seen[index]) compare(mails[index], sinks[index].seen);
  }
  co_return Result<>{};
}

}  // namespace

std::string unclaimed_note(state::RouteId route) {
  return fmt::format("unclaimed:{}", route);
}

std::string to_sightings_text(const Sightings& sightings) {
  std::string text;
  for (const auto& [uid, identity] : sightings)
    fmt::format_to(std::back_inserter(text), "{} {:016x}\n", uid, identity);
  return text;
}

Sightings parse_sightings(std::string_view text) {
  Sightings sightings;
  while (!text.empty()) {
    Uid uid = 0;
    std::uint64_t identity = 0;
    const auto* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, uid);
    if (first.ec != std::errc{} || uid == 0 || first.ptr == end || *first.ptr != ' ') return {};
    const auto second = std::from_chars(first.ptr + 1, end, identity, 16);
    if (second.ec != std::errc{} || second.ptr == end || *second.ptr != '\n') return {};
    sightings.emplace_hint(sightings.end(), uid, identity);
    text.remove_prefix(static_cast<std::size_t>(second.ptr + 1 - text.data()));
  }
  return sightings;
}

Result<bool> knows_unclaimed(RunContext& context, const SessionPair& pair, const std::vector<state::Route>& stored,
                             RouteWork& work) {
  if (!pair.destination->traits().uid_plus) return false;
  TRY(const auto claims, claims_on(context, stored, UnclaimedMail{.work = &work}));
  return claims.all_told;
}

Task<std::vector<UnclaimedMail>> look_for_unclaimed(RunContext& context, SessionPair& pair,
                                                    const std::vector<state::Route>& stored,
                                                    std::vector<RouteWork*> routes) {
  std::vector<UnclaimedMail> mails;
  if (!pair.destination->traits().uid_plus) co_return mails;
  for (auto* work : routes)
    mails.push_back({.work = work});
  CO_CHECK(co_await learn_vanished(context, pair, mails));
  CO_CHECK(co_await list_unclaimed(context, pair, stored, mails));
  std::erase_if(mails, [](const UnclaimedMail& mail) { return mail.unclaimed.empty(); });
  for (auto& mail : mails)
    CO_CHECK(recall_sightings(context, mail));
  CO_CHECK(co_await see_unclaimed(context, pair, mails));
  std::erase_if(mails, [](const UnclaimedMail& mail) { return mail.sightings.empty(); });
  CO_CHECK(co_await see_source(pair, mails));
  std::erase_if(mails, [](const UnclaimedMail& mail) { return mail.wanted.empty(); });
  for (auto& mail : mails)
    CO_CHECK(learn_displaced(context, stored, mail));
  co_return mails;
}

}  // namespace mailferry::sync
