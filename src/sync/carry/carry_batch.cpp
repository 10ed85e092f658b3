// Which messages of a batch are wanted by whom.
#include "sync/carry/carry_batch.hpp"

#include "sync/carry/carry_branch.hpp"
#include "sync/carry/source_refusal.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

class MetaCollector final : public store::MetaSink {
 public:
  void message(store::MessageMeta&& meta) override { found.push_back(std::move(meta)); }
  std::vector<store::MessageMeta> found;
};

Error too_large_error(std::uint64_t octets, std::uint64_t limit) {
  return {.kind = ErrorKind::message_rejected,
          .scope = Scope::message,
          .retry = Retry::never,
          .retry_after = {},
          .message = fmt::format("the message has {} octets, and the destination takes {}", octets, limit),
          .remedy = "bring it there in another way, or make it smaller",
          .trail = {}};
}

}  // namespace

CarryBatch::~CarryBatch() {
  for (const auto& claim : claims_)
    claim.route->to->known().release(claim.identity);
}

Task<> CarryBatch::carry(const UidSet& uids) {
  const auto due = take_due(uids);
  const auto parts = in_parts(due);
  for (const auto& part : parts)
    CO_CHECK(co_await learn(part));
  for (auto& route : mailbox_.routes())
    CO_CHECK(co_await choose(route));
  spread_large();
  UidSet to_read;
  for (const auto& [uid, wanted] : wanted_) {
    if (!wanted.routes.empty()) to_read.add(uid);
  }
  if (to_read.empty()) co_return Result<>{};
  auto done = co_await read_within_quota(to_read);
  if (done) done = co_await read_refused();
  // What was read whole is not lost with the connection to the source.
  auto delivered = co_await deliver();
  auto ended = co_await end_branches();
  if (!done) co_return done;
  if (!delivered) co_return delivered;
  co_return ended;
}

/// What rests for all routes need not be learnt of. As long as there is anything else, what the source did not send
/// before is left for later: it may break the connection again.
UidSet CarryBatch::take_due(const UidSet& uids) {
  const auto now = std::chrono::steady_clock::now();
  UidSet due;
  UidSet suspects;
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    const auto wants = [uid, now](const CarryRoute& route) { return !route.rests(uid, now); };
    if (std::ranges::any_of(mailbox_.routes(), wants)) (mailbox_.is_suspect(uid) ? suspects : due).add(uid);
  }
  if (due.empty()) return suspects;
  left_.add(suspects);
  return due;
}

/// Those that the source has not sent before come last, and each alone: so it is known which one it does not send.
std::vector<UidSet> CarryBatch::in_parts(const UidSet& uids) const {
  std::vector<UidSet> parts(1);
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    if (mailbox_.is_suspect(uid)) {
      parts.emplace_back(UidRange{uid, uid});
    } else {
      parts.front().add(uid);
    }
  }
  if (parts.front().empty()) parts.erase(parts.begin());
  return parts;
}

/// A large message goes to as many mailboxes at once as connections may stream; for the others it is read again.
void CarryBatch::spread_large() {
  for (auto& [uid, wanted] : wanted_) {
    while (wanted.meta.octets > kWholeOctets && wanted.routes.size() > context_.lanes.most_streams()) {
      read_again_for(*wanted.routes.back(), uid);
      wanted.routes.pop_back();
    }
  }
}

store::ScanRequest CarryBatch::header_request(const UidSet& uids) const {
  return {.mailbox = mailbox_.path(),
          .uid_validity = mailbox_.uid_validity(),
          .uids = uids,
          .from = 1,
          .changed_since = 0,
          .detail = {.flags = true, .octets = true, .date = true, .identity = true, .message_id = true}};
}

Task<> CarryBatch::learn(const UidSet& uids) {
  MetaCollector collector;
  const std::vector<store::ScanRequest> requests{header_request(uids)};
  const std::vector<store::MetaSink*> sinks{&collector};
  auto results = co_await source_.scan(requests, sinks);
  auto silent = uids;
  for (const auto& meta : collector.found)
    silent.remove(UidRange{meta.uid, meta.uid});
  if (!results) {
    CO_CHECK(co_await suspect(silent.min(), results.error()));
    co_return std::unexpected(results.error());
  }
  std::map<Uid, Error> refused;
  if (!results->front()) {
    if (!is_of_messages(results->front().error())) co_return std::unexpected(results->front().error());
    CO_CHECK(co_await learn_singly(silent, collector, refused));
  }
  for (auto& meta : collector.found) {
    const auto uid = meta.uid;
    silent.remove(UidRange{uid, uid});
    mailbox_.note_size(uid, meta.octets);
    sized_.emplace(meta.identity.digest, meta.octets);
    wanted_[uid].meta = std::move(meta);
  }
  for (const auto& [uid, error] : refused) {
    silent.remove(UidRange{uid, uid});
    CO_CHECK(co_await note_refused(uid, error));
  }
  // Gone, which the next look will find, or the source cannot read it.
  const auto error = not_sent_error("the header of this message");
  auto each = silent.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    for (auto& route : mailbox_.routes()) {
      if (!route.rests(uid, std::chrono::steady_clock::now()))
        CO_CHECK(co_await mailbox_.note_trouble(route, uid, error, false));
    }
  }
  co_return Result<>{};
}

/// A refusal may be about one message of many (quirk y3): only the answer for each by itself tells.
Task<> CarryBatch::learn_singly(const UidSet& uids, store::MetaSink& sink, std::map<Uid, Error>& refused) {
  std::vector<store::ScanRequest> requests;
  std::vector<Uid> asked;
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    requests.push_back(header_request(UidSet(UidRange{uid, uid})));
    asked.push_back(uid);
  }
  const std::vector<store::MetaSink*> sinks(requests.size(), &sink);
  CO_TRY(const auto results, co_await source_.scan(requests, sinks));
  for (std::size_t index = 0; index < results.size(); ++index) {
    if (results[index]) continue;
    if (!is_of_messages(results[index].error())) co_return std::unexpected(results[index].error());
    refused.emplace(asked[index], results[index].error());
  }
  co_return Result<>{};
}

/// Finds out which of the messages this route still wants: those that its mailbox has not got yet.
Task<> CarryBatch::choose(CarryRoute& route) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Wanted*> open;
  for (auto& [uid, wanted] : wanted_) {
    if (!route.rests(uid, now) && !lacks_room(route, wanted.meta)) open.push_back(&wanted);
  }
  if (open.empty()) co_return Result<>{};
  CO_TRY(auto first, co_await context_.lanes.acquire());
  std::optional<Lane> lane(std::move(first));
  auto chosen = co_await route.to->make_ready(**lane, context_.slowest_append, context_.stopping);
  mailbox_.heed_set_backs();
  if (chosen) chosen = co_await look_up(route, *lane, open);
  if (!chosen) co_return co_await unready(route, *lane, open, chosen.error());
  route.unready = 0;
  if (wants_source(route, open)) {
    lane.reset();
    CO_CHECK(co_await read_source(route, open));
    CO_TRY(auto next, co_await context_.lanes.acquire());
    lane.emplace(std::move(next));
    chosen = co_await route.to->make_ready(**lane, context_.slowest_append, context_.stopping);
    if (chosen) chosen = co_await look_up(route, *lane, open);
  }
  if (chosen) chosen = co_await choose_among(route, *lane, open);
  if (source_error_) co_return std::unexpected(*source_error_);
  if (!chosen) co_return co_await unready(route, *lane, open, chosen.error());
  co_return Result<>{};
}

/// Looks on the destination for what the messages are known by there.
Task<> CarryBatch::look_up(CarryRoute& route, Lane& lane, const std::vector<Wanted*>& open) {
  std::set<SearchName> names;
  std::set<std::int64_t> seconds;
  for (const auto* wanted : open) {
    if (is_found(route, *wanted) || !searched_.emplace(&route, wanted->meta.uid).second) continue;
    const auto name = DestinationMailbox::search_name(wanted->meta);
    if (name) names.insert(*name);
    const bool may_be_there = mailbox_.was_replaced() || route.begins_anew;
    if (!name && may_be_there && mailbox_.may_be_old(wanted->meta.uid)) seconds.insert(wanted->meta.date.seconds);
  }
  CO_CHECK(co_await route.to->look_for(*lane, names));
  co_return co_await route.to->look_for_dates(*lane, seconds);
}

/// As far as is known: before its content was read, something that is like it is enough.
bool CarryBatch::is_found(CarryRoute& route, const Wanted& wanted) const {
  const auto known = route.to->known().find(wanted.meta.identity.digest);
  const auto body = bodies_.find(wanted.meta.uid);
  return std::ranges::any_of(known, [&](const KnownMessage& message) {
    const bool is_placed = message.uid != 0 || route.labels.empty();
    return is_placed && (body == bodies_.end() || message.body == body->second);
  });
}

Task<> CarryBatch::choose_among(CarryRoute& route, Lane& lane, const std::vector<Wanted*>& open) {
  for (auto* wanted : open) {
    auto is_wanted = co_await decide(route, lane, *wanted);
    if (source_error_) {
      CO_CHECK(co_await suspect(wanted->meta.uid, *source_error_));
      co_return std::unexpected(*source_error_);
    }
    if (!is_wanted && is_wanted.error().scope == Scope::message) {
      CO_CHECK(co_await mailbox_.note_trouble(route, wanted->meta.uid, is_wanted.error(), false));
      continue;
    }
    if (!is_wanted) co_return std::unexpected(is_wanted.error());
    if (*is_wanted) wanted->routes.push_back(&route);
  }
  co_return Result<>{};
}

Task<bool> CarryBatch::decide(CarryRoute& route, Lane& lane, Wanted& wanted) {
  const auto& meta = wanted.meta;
  CO_TRY(auto there, co_await find_there(lane, route, meta));
  if (there) route.to->known().note_taken(meta.identity.digest, *there);
  if (!there) {
    CO_TRY(there, co_await find_lookalike_there(lane, route, meta));
  }
  if (there) {
    take_there(route, meta, *there);
    co_return false;
  }
  route.doubtful.remove(UidRange{meta.uid, meta.uid});  // it did not arrive
  const auto limit = lane->traits().append_limit;
  if (limit && *limit != 0 && meta.octets > *limit) {
    const auto error = too_large_error(meta.octets, *limit);
    CO_CHECK(co_await mailbox_.note_trouble(route, meta.uid, error, true));
    co_return false;
  }
  co_return co_await claim(route, meta);
}

/// It may have lost its labels on the way, or have those of another source only, and to have them twice does no harm.
void CarryBatch::take_there(CarryRoute& route, const store::MessageMeta& meta, const KnownMessage& there) {
  if (there.uid != 0 && !route.labels.empty()) route.want_labels(there.uid);
  // Which flags were brought with it before an interruption nobody knows: the next look brings what is missing.
  route.place(meta.uid, there.uid, there.doubted ? Flags{} : meta.flags);
  if (!is_proof(route, meta.uid, there)) {
    route.there.add(meta.uid);
    route.there_unsaved = true;
  }
  mailbox_.settle(route, UidRange{meta.uid, meta.uid});
  context_.observer.duplicate(mailbox_.account(), route.to->path());
}

/// It was sent by this bridge: so the destination said, or it may have been, and came there since.
bool CarryBatch::is_proof(CarryRoute& route, Uid uid, const KnownMessage& there) {
  if (route.untold.contains(uid)) return true;
  return route.doubtful.contains(uid) && there.doubted && route.to->take_proof(there.uid);
}

/// The mailbox cannot be looked at, or not made. That is no fault of the messages: they wait.
Task<> CarryBatch::unready(CarryRoute& route, Lane& lane, const std::vector<Wanted*>& open, const Error& error) {
  if (error.kind == ErrorKind::cancelled || context_.journal.error()) co_return std::unexpected(error);
  context_.observer.trouble(context_.destination.name(), error);
  route.to->forget_prepared();
  auto until = std::chrono::steady_clock::now();
  if (error.scope == Scope::account || error.scope == Scope::run) {
    lane.spoil();
    context_.lanes.rest(error);
    until = context_.lanes.resting_until();
  } else {
    until += mailbox_.pause_after(++route.unready, error);
  }
  for (auto* wanted : open)
    std::erase(wanted->routes, &route);
  route.unready_until = until;
  co_return Result<>{};
}

}  // namespace mailferry::sync
