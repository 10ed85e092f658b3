#include "sync/identity_match.hpp"

#include "sync/steady_session.hpp"

#include <algorithm>
#include <limits>

namespace mailferry::sync {
namespace {

/// Identities for matching, and the flags besides: each combination of flags is kept once.
class IdentitySink final : public RestartableSink {
 public:
  explicit IdentitySink(const UidSet& taken) : taken_(taken) {}

  void message(store::MessageMeta&& meta) override {
    if (taken_.contains(meta.uid)) return;
    // What is edited may keep its Message-ID, and its size.
    if (meta.flags.has(SystemFlag::draft)) meta.identity.weak = true;
    list.add(meta.uid, meta.identity, meta.octets);
    const auto [found, added] =
        index_.try_emplace(meta.flags.to_string(), static_cast<std::uint32_t>(combinations_.size()));
    if (added) combinations_.push_back(std::move(meta.flags));
    messages_.push_back({meta.uid, found->second, static_cast<std::uint32_t>(std::min(meta.octets, kLargest))});
  }
  void restart() override {
    list = {};
    messages_.clear();
  }
  void sort() { std::ranges::sort(messages_, {}, &Message::uid); }
  [[nodiscard]] const Flags& flags_of(Uid uid) const { return combinations_[find(uid).flags]; }
  [[nodiscard]] std::uint64_t octets_of(Uid uid) const { return find(uid).octets; }

  plan::IdentityList list;

 private:
  static constexpr std::uint64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  struct Message {
    Uid uid;
    std::uint32_t flags;
    std::uint32_t octets;
  };

  [[nodiscard]] const Message& find(Uid uid) const {
    return *std::ranges::lower_bound(messages_, uid, {}, &Message::uid);
  }

  const UidSet& taken_;
  std::vector<Message> messages_;
  std::vector<Flags> combinations_;
  std::map<std::string, std::uint32_t> index_;
};

Task<> scan_into(store::Session* session, store::ScanRequest request, IdentitySink* sink) {
  request.detail = {.flags = true, .octets = true, .date = false, .identity = true};
  const std::vector<store::ScanRequest> requests{std::move(request)};
  const std::vector<store::MetaSink*> sinks{sink};
  CO_TRY(auto results, co_await session->scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  sink->sort();
  co_return Result<>{};
}

class DateSink final : public RestartableSink {
 public:
  void message(store::MessageMeta&& meta) override {
    if (meta.is_dated) dates.push_back({meta.uid, meta.date.seconds});
  }
  void restart() override { dates.clear(); }
  std::vector<plan::DatedMessage> dates;
};

Task<std::vector<plan::DatedMessage>> dates_of(store::Session& session, const MailboxPath& mailbox,
                                               const UidSet& uids) {
  DateSink sink;
  std::vector<store::ScanRequest> requests{scan_of(mailbox, 0)};
  requests.front().uids = uids;
  requests.front().detail.date = true;
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  co_return std::move(sink.dates);
}

Task<std::vector<plan::BodyDigestOf>> digests_of(store::Session& session, const MailboxPath& mailbox,
                                                 const UidSet& uids) {
  std::vector<plan::BodyDigestOf> digests;
  if (uids.empty()) co_return digests;
  CO_TRY(const auto found, co_await session.body_digests(mailbox, uids));
  for (const auto& [uid, digest] : found)
    digests.push_back({uid, digest});
  co_return digests;
}

std::uint32_t to_likeness(const Flags& flags) {
  return static_cast<std::uint32_t>(std::hash<std::string>{}(flags.to_string()));
}

plan::Likeness likeness_of(const IdentitySink& source, const IdentitySink& destination, const FlagsThere* flags_there) {
  plan::Likeness likeness;
  likeness.source_else = [&source](Uid uid) { return to_likeness(source.flags_of(uid)); };
  likeness.source = likeness.source_else;
  if (flags_there != nullptr) likeness.source = [flags_there](Uid uid) { return to_likeness((*flags_there)(uid)); };
  likeness.destination = [&destination](Uid uid) { return to_likeness(destination.flags_of(uid)); };
  return likeness;
}

/// Where both sides' mail is, while it is matched.
struct Places {
  store::Session& source;
  store::Session& destination;
  MailboxPath source_mailbox;
  MailboxPath destination_mailbox;
};

/// Reads what is unsure.
Task<> settle_unsure(const Places& places, const plan::Likeness& likeness, plan::MessageMatching& matching) {
  if (matching.is_sure()) co_return Result<>{};
  const auto source_uids = matching.unsure_source_uids();
  const auto destination_uids = matching.unsure_destination_uids();
  CO_TRY(auto here, co_await digests_of(places.source, places.source_mailbox, source_uids));
  CO_TRY(auto there, co_await digests_of(places.destination, places.destination_mailbox, destination_uids));
  plan::resolve(matching, std::move(here), std::move(there), likeness);
  co_return Result<>{};
}

/// What one server shows of a broken header and the other does not makes two identities of one message; a copy keeps
/// its date.
Task<> settle_lookalikes(const Places& places, const plan::Likeness& likeness, const plan::Lookalikes& lookalikes,
                         plan::MessageMatching& matching) {
  if (lookalikes.source.empty()) co_return Result<>{};
  CO_TRY(auto there, co_await dates_of(places.destination, places.destination_mailbox, lookalikes.destination));
  if (there.empty()) co_return Result<>{};
  CO_TRY(auto here, co_await dates_of(places.source, places.source_mailbox, lookalikes.source));
  plan::doubt_lookalikes(matching, std::move(here), std::move(there));
  co_return co_await settle_unsure(places, likeness, matching);
}

}  // namespace

UidSet uids_of(const std::vector<MatchedMessage>& matched, Uid MatchedMessage::*side) {
  std::vector<Uid> uids;
  uids.reserve(matched.size());
  for (const auto& match : matched)
    uids.push_back(match.*side);
  // In order each is added at the end.
  std::ranges::sort(uids);
  UidSet set;
  for (const Uid uid : uids)
    set.add(uid);
  return set;
}

Task<std::vector<MatchedMessage>> match_by_identity(SessionPair& pair, store::ScanRequest source,
                                                    store::ScanRequest destination, const UidSet& taken,
                                                    const FlagsThere* flags_there, const plan::Ambiguous& ambiguous) {
  const UidSet none;
  IdentitySink source_sink(none);
  IdentitySink destination_sink(taken);
  const Places places{*pair.source, *pair.destination, source.mailbox, destination.mailbox};
  CO_CHECK(co_await scan_into(pair.source.get(), std::move(source), &source_sink));
  CO_CHECK(co_await scan_into(pair.destination.get(), std::move(destination), &destination_sink));
  const auto likeness = likeness_of(source_sink, destination_sink, flags_there);
  auto matching = plan::match_messages(std::move(source_sink.list), std::move(destination_sink.list),
                                       plan::SizeEvidence::compare, ambiguous);
  CO_CHECK(co_await settle_unsure(places, likeness, matching));
  const auto lookalikes = plan::find_lookalikes(
      matching, [&](Uid uid) { return source_sink.octets_of(uid); },
      [&](Uid uid) { return destination_sink.octets_of(uid); });
  CO_CHECK(co_await settle_lookalikes(places, likeness, lookalikes, matching));
  std::vector<MatchedMessage> matched;
  matched.reserve(matching.matched.size());
  for (const auto& match : matching.matched)
    matched.push_back({match.source, match.destination, source_sink.flags_of(match.source),
                       destination_sink.flags_of(match.destination)});
  co_return matched;
}

}  // namespace mailferry::sync
