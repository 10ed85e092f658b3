// Whether a message of the source is on the destination: what is like it there is compared with it.
#include "sync/carry/carry_batch.hpp"
#include "sync/carry/source_refusal.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// Of many that are alike, so many are read on the destination for one message: with the rest it cannot be found out.
constexpr std::size_t kMostRead = 200;

/// Servers can be asked for what has a UID; what was delivered lately is known without.
bool is_comparable(const KnownMessage& message) {
  return message.body || message.uid != 0;
}

}  // namespace

/// Those with a UID first, as it is of use for labels and flags; the likeliest of these first.
std::vector<KnownMessage> CarryBatch::candidates_for(CarryRoute& route, const store::MessageMeta& meta) const {
  auto candidates = route.to->known().find(meta.identity.digest);
  std::ranges::stable_partition(candidates, [&](const KnownMessage& one) { return one.octets == meta.octets; });
  std::ranges::stable_partition(candidates, [](const KnownMessage& one) { return one.uid != 0; });
  return candidates;
}

/// What is another message of this batch by its headers is that one.
std::vector<Lookalike> CarryBatch::lookalikes_of(CarryRoute& route, const store::MessageMeta& meta) const {
  auto found = route.to->known().find_lookalikes(meta.identity.digest, meta.date.seconds, meta.octets);
  std::erase_if(found, [&](const Lookalike& one) { return sized_.contains({one.identity, one.message.octets}); });
  return found;
}

bool CarryBatch::is_like_old_one(CarryRoute& route, const store::MessageMeta& meta,
                                 const std::vector<KnownMessage>& candidates) const {
  if (candidates.size() != 1 || meta.identity.weak || meta.message_id.empty() || mailbox_.is_pruned()) return false;
  const auto& one = candidates.front();
  if (route.begins_anew && route.trusts_headers_below == 0)
    route.trusts_headers_below = mailbox_.was_replaced() ? route.to->next_uid() : route.to->began_at();
  return one.uid != 0 && one.uid < route.trusts_headers_below && !one.body && one.octets == meta.octets;
}

bool CarryBatch::is_enough_by_headers(CarryRoute& route, const store::MessageMeta& meta,
                                      const std::vector<KnownMessage>& candidates) const {
  return is_like_old_one(route, meta, candidates) && mailbox_.is_one_of_its_kind(meta.uid, meta.identity.digest);
}

/// Much may be there already: whether a message of the source has its like there is asked once for all of them.
bool CarryBatch::wants_kinds(CarryRoute& route, const std::vector<Wanted*>& open) const {
  return !mailbox_.has_learnt_kinds() && std::ranges::any_of(open, [&](const Wanted* wanted) {
    return is_like_old_one(route, wanted->meta, candidates_for(route, wanted->meta));
  });
}

UidSet CarryBatch::to_compare(CarryRoute& route, const std::vector<Wanted*>& open) const {
  std::map<Digest, int> times;
  for (const auto* wanted : open)
    ++times[wanted->meta.identity.digest];
  UidSet uids;
  for (const auto* wanted : open) {
    const auto candidates = candidates_for(route, wanted->meta);
    const bool is_alike = times[wanted->meta.identity.digest] > 1 || std::ranges::any_of(candidates, is_comparable) ||
                          !lookalikes_of(route, wanted->meta).empty();
    if (is_alike && !is_enough_by_headers(route, wanted->meta, candidates)) uids.add(wanted->meta.uid);
  }
  return uids;
}

/// Whether anything of the source has to be read to compare it, which is done while nobody holds a connection to the
/// destination: a source that stalls holds up itself only.
bool CarryBatch::wants_source(CarryRoute& route, const std::vector<Wanted*>& open) const {
  return wants_kinds(route, open) || !to_compare(route, open).empty();
}

/// What cannot be read is tried again where it is compared, and blamed there.
Task<> CarryBatch::read_source(CarryRoute& route, const std::vector<Wanted*>& open) {
  if (wants_kinds(route, open)) CO_CHECK(co_await mailbox_.learn_kinds(source_));
  const auto uids = to_compare(route, open);
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    const auto body = co_await body_on_source(uid);
    if (body || !source_error_) continue;
    CO_CHECK(co_await suspect(uid, *source_error_));
    co_return std::unexpected(*source_error_);
  }
  co_return Result<>{};
}

/// Equal headers prove nothing: machines send reports that differ in a digit. The contents decide, and what cannot be
/// compared is not there.
Task<std::optional<KnownMessage>> CarryBatch::find_there(Lane& lane, CarryRoute& route,
                                                         const store::MessageMeta& meta) {
  auto candidates = candidates_for(route, meta);
  if (is_enough_by_headers(route, meta, candidates)) {
    candidates.front().doubted = false;  // headers prove nothing
    co_return candidates.front();
  }
  std::size_t unread = 0;
  for (const auto& candidate : candidates) {
    if (!candidate.body && ++unread > kMostRead) continue;
    CO_TRY(const auto there, co_await body_there(lane, route, meta.identity.digest, candidate));
    if (!there) continue;
    CO_TRY(const auto here, co_await body_on_source(meta.uid));
    if (here == *there) co_return candidate;
  }
  co_return std::nullopt;
}

/// Of a header with a CR before a field one server shows nothing, another the rest, and a third mends it.
Task<std::optional<KnownMessage>> CarryBatch::find_lookalike_there(Lane& lane, CarryRoute& route,
                                                                   const store::MessageMeta& meta) {
  std::size_t unread = 0;
  for (const auto& [identity, candidate] : lookalikes_of(route, meta)) {
    if (!candidate.body && ++unread > kMostRead) break;
    CO_TRY(const auto there, co_await body_there(lane, route, identity, candidate));
    if (!there) continue;
    CO_TRY(const auto here, co_await body_on_source(meta.uid));
    if (here != *there) continue;
    route.to->known().note_taken(identity, candidate);
    co_return candidate;
  }
  co_return std::nullopt;
}

Task<std::optional<Digest>> CarryBatch::body_there(Lane& lane, CarryRoute& route, const Digest& identity,
                                                   const KnownMessage& candidate) {
  if (candidate.body || candidate.uid == 0) co_return candidate.body;
  if (route.to->is_unreadable(candidate.uid)) co_return std::nullopt;
  const UidSet uids(UidRange{candidate.uid, candidate.uid});
  const auto digests = co_await lane->body_digests(route.to->path(), uids);
  const bool is_refused = !digests && is_of_messages(digests.error()) && digests.error().kind != ErrorKind::throttled;
  // The mailbox was looked at over this connection before: it may be this message that breaks it, or the server.
  const bool is_its_fault = !digests && (is_break(digests.error()) || digests.error().scope == Scope::message);
  if (is_its_fault && !is_refused) route.to->note_unreadable(candidate.uid);
  if (!digests && !is_refused) co_return std::unexpected(digests.error());
  if (!digests || digests->empty()) co_return std::nullopt;
  context_.upload.record(plan::Direction::down, candidate.octets);
  route.to->known().note_body(identity, candidate.uid, digests->front().second);
  co_return digests->front().second;
}

/// Whether this batch may deliver it now: nobody else is at something like it, or at what has another content.
Task<bool> CarryBatch::claim(CarryRoute& route, const store::MessageMeta& meta) {
  const auto now = std::chrono::steady_clock::now();
  const auto claimed_since = route.to->known().claim(meta.identity.digest, now);
  bool is_free = !claimed_since;
  if (is_free) claims_.push_back({&route, meta.identity.digest, {meta.uid}});
  const auto own = std::ranges::find_if(
      claims_, [&](const Claim& claim) { return claim.route == &route && claim.identity == meta.identity.digest; });
  if (!is_free && own != claims_.end()) {
    CO_TRY(is_free, co_await is_unlike(*own, meta.uid));
  }
  if (is_free) {
    route.doubtful.remove(UidRange{meta.uid, meta.uid});
    co_return true;
  }
  // Who waits for room in a quota may be at it for hours: the longer it takes, the later it is asked for again.
  const auto& settings = context_.settings;
  route.put_off(meta.uid, now + std::clamp<std::chrono::steady_clock::duration>(
                                    now - *claimed_since, settings.claim_pause, settings.claim_pause_most));
  co_return false;
}

/// Has another content than all that are claimed together; then it is one of them.
Task<bool> CarryBatch::is_unlike(Claim& claim, Uid uid) {
  CO_TRY(const auto body, co_await body_on_source(uid));
  for (const auto other : claim.uids) {
    CO_TRY(const auto others, co_await body_on_source(other));
    if (others == body) co_return false;
  }
  claim.uids.push_back(uid);
  co_return true;
}

Task<Digest> CarryBatch::body_on_source(Uid uid) {
  if (const auto known = bodies_.find(uid); known != bodies_.end()) co_return known->second;
  const UidSet uids(UidRange{uid, uid});
  auto digests = co_await source_.body_digests(mailbox_.path(), uids);
  if (!digests && digests.error().scope != Scope::message && digests.error().scope != Scope::mailbox)
    source_error_ = digests.error();
  if (!digests) {
    digests.error().scope = Scope::message;
    co_return std::unexpected(digests.error());
  }
  if (digests->empty()) co_return Digest{};
  download_.record(plan::Direction::down, wanted_.at(uid).meta.octets);
  co_return bodies_[uid] = digests->front().second;
}

}  // namespace mailferry::sync
