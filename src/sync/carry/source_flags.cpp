// Flags that change on the source after the delivery are changed on the destination too.
#include "sync/carry/source_mailbox.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

class FlagSink final : public store::MetaSink {
 public:
  void message(store::MessageMeta&& meta) override { found.insert_or_assign(meta.uid, std::move(meta.flags)); }
  std::map<Uid, Flags> found;
};

/// What is deleted on the source stays on the destination.
Flags followed(Flags flags) {
  flags.remove(SystemFlag::deleted);
  return flags;
}

void add_update(std::vector<store::FlagUpdate>& updates, Uid uid, const Flags& add, const Flags& remove) {
  const auto same = std::ranges::find_if(
      updates, [&](const store::FlagUpdate& update) { return update.add == add && update.remove == remove; });
  auto& update = same == updates.end() ? updates.emplace_back(store::FlagUpdate{{}, add, remove}) : *same;
  update.uids.add(uid);
}

/// Whether there were any to be added: flags are worth more than keywords that the destination refuses.
bool leave_keywords(std::vector<store::FlagUpdate>& updates) {
  bool had_any = false;
  for (auto& update : updates) {
    had_any = had_any || !update.add.keywords().empty();
    update.add = keep_keywords(std::move(update.add), KeywordsKept::none);
  }
  return had_any;
}

/// What is gone from the source is told by a look at all.
constexpr std::chrono::hours kAllEvery{24};

/// Whether there was any.
bool forget_gone(CarryRoute& route, const std::map<Uid, Flags>& now) {
  UidSet gone;
  for (const auto& [uid, place] : route.placed) {
    if (!now.contains(uid)) gone.add(uid);
  }
  route.unplace(gone);
  return !gone.empty();
}

}  // namespace

/// With CONDSTORE only what changed is asked for, but once a day; without, all is, and seldom.
Task<> SourceMailbox::follow_flags(store::Session& session) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_cheap = session.traits().change_tokens && followed_modseq_ != 0 && now < followed_all_at_ + kAllEvery;
  if (!settings_.follow_flags || (!is_cheap && now < followed_at_)) co_return Result<>{};
  std::vector<store::ScanRequest> requests;
  requests.push_back({.mailbox = rule_.from,
                      .uid_validity = uid_validity_,
                      .changed_since = is_cheap ? followed_modseq_ : 0,
                      .detail = {.flags = true}});
  FlagSink sink;
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  followed_modseq_ = results.front()->status.highest_modseq;
  followed_at_ = now + settings_.poll_every;
  if (!is_cheap) followed_all_at_ = now;
  if (!is_cheap && results.front()->unlisted == 0) {
    for (auto& route : routes_) {
      if (forget_gone(route, sink.found)) context_.journal.mark_dirty();
    }
  }
  for (auto& route : routes_)
    CO_CHECK(co_await follow_flags(route, sink.found));
  co_return Result<>{};
}

Task<> SourceMailbox::follow_flags(CarryRoute& route, const std::map<Uid, Flags>& now) {
  std::vector<store::FlagUpdate> updates;
  UidSet changed;
  for (const auto& [uid, flags] : now) {
    const auto place = route.placed.find(uid);
    if (place == route.placed.end() || followed(place->second.flags) == followed(flags)) continue;
    const auto wanted = followed(flags);
    const auto had = followed(place->second.flags);
    add_update(updates, place->second.uid, route.to->permanent_flags().storable(wanted.minus(had)), had.minus(wanted));
    changed.add(uid);
  }
  if (changed.empty()) co_return Result<>{};
  CO_TRY(auto lane, co_await context_.lanes.acquire());
  auto done = co_await route.to->make_ready(*lane, context_.slowest_append, context_.stopping);
  if (done && route.placed_validity != route.to->uid_validity()) {
    route.placed.clear();
    co_return Result<>{};
  }
  if (done) done = co_await lane->change_flags(route.to->path(), route.placed_validity, updates);
  if (!done && done.error().scope < Scope::account && leave_keywords(updates))
    done = co_await lane->change_flags(route.to->path(), route.placed_validity, updates);
  if (!done) {
    followed_modseq_ = 0;  // all is compared again at the next poll
    if (done.error().kind == ErrorKind::cancelled) co_return done;
    if (done.error().scope == Scope::account) lane.spoil();
    context_.observer.trouble(context_.destination.name(), done.error());
    co_return Result<>{};
  }
  auto each = changed.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    const auto place = route.placed.find(uid);
    if (place != route.placed.end()) place->second.flags = now.at(uid);
  }
  route.flags_unsaved.add(changed);
  context_.journal.note_settled(changed.size());
  co_return Result<>{};
}

}  // namespace mailferry::sync
