#include "services/verify.hpp"

#include "async/run_loop.hpp"
#include "async/task_scope.hpp"
#include "base/encoding.hpp"
#include "base/files.hpp"
#include "plan/message_matching.hpp"
#include "services/accounts.hpp"
#include "state/journal.hpp"
#include "state/mailbox_key.hpp"
#include "stores/imap/imap_store.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>

namespace mailferry::services {
namespace {

/// One side of a mailbox: 56 octets a message and each combination of flags once.
struct Side final : store::MetaSink {
  struct Entry {
    Uid uid;
    std::uint32_t flags;
    std::int64_t seconds;
    Digest digest;
  };
  plan::IdentityList list;
  std::vector<Entry> entries;
  std::vector<Flags> combinations;
  std::map<std::string, std::uint32_t> index;
  UidSet uids;

  void message(store::MessageMeta&& meta) override {
    list.add(meta.uid, meta.identity, meta.octets);
    const auto [found, added] =
        index.try_emplace(meta.flags.to_string(), static_cast<std::uint32_t>(combinations.size()));
    if (added) combinations.push_back(std::move(meta.flags));
    entries.push_back({meta.uid, found->second, meta.date.seconds, meta.identity.digest});
    uids.add(meta.uid);
  }
  [[nodiscard]] const Entry& find(Uid uid) const { return *std::ranges::lower_bound(entries, uid, {}, &Entry::uid); }
};

/// True duplicates can be paired in any way: those with the same flags and date belong together, so that only real
/// differences are told. Content is not looked at; equal identity and unequal content is for --deep to find.
void pair_duplicates(std::vector<plan::MatchedPair>& matched, const Side& source, const Side& destination) {
  using Key = std::tuple<Digest, std::string, std::int64_t>;
  const auto key = [](const Side& side, Uid uid) {
    const auto& entry = side.find(uid);
    return Key{entry.digest, side.combinations[entry.flags].to_string(), entry.seconds};
  };
  std::map<Key, std::vector<std::size_t>> wanting;  // pairs that differ, by what their destination message is
  for (std::size_t index = 0; index < matched.size(); ++index) {
    const auto& match = matched[index];
    if (key(source, match.source) != key(destination, match.destination))
      wanting[key(destination, match.destination)].push_back(index);
  }
  if (wanting.empty()) return;
  for (auto& match : matched) {
    const auto mine = key(source, match.source);
    if (mine == key(destination, match.destination)) continue;
    const auto better = wanting.find(mine);
    if (better == wanting.end()) continue;
    auto& candidates = better->second;
    // A candidate may have been exchanged away meanwhile.
    while (!candidates.empty() && key(destination, matched[candidates.back()].destination) != mine)
      candidates.pop_back();
    if (candidates.empty()) continue;
    const auto other = candidates.back();
    candidates.pop_back();
    std::swap(match.destination, matched[other].destination);
    wanting[key(destination, matched[other].destination)].push_back(other);
  }
}

class Verification {
 public:
  Verification(asio::io_context& context, const VerifyRequest& request, store::Store& from, store::Store& to,
               VerifyReport& report)
      : context_(context), request_(request), from_(from), to_(to), report_(report) {}

  Task<> run() {
    CO_CHECK(co_await connect());
    CO_TRY(const auto survey, co_await survey_mailboxes(context_, pair_, request_.rules));
    const auto specs = to_route_specs(survey, [this](const MailboxPath& path) { return renamed(path); });
    for (const auto& spec : specs) {
      auto checked = co_await check(spec);
      if (checked) continue;
      if (checked.error().scope != Scope::mailbox) co_return checked;
      add({.kind = Difference::mailbox,
           .source = spec.source,
           .destination = spec.destination,
           .detail = checked.error().describe()});
    }
    co_await pair_.source->logout();
    co_await pair_.destination->logout();
    if (!request_.manifest.empty()) CO_CHECK(write_file_atomically(request_.manifest, manifest_));
    co_return Result<>{};
  }

 private:
  static Task<> open_into(store::Store* store, std::unique_ptr<store::Session>* slot) {
    CO_TRY(*slot, co_await store->open_session());
    co_return Result<>{};
  }

  Task<> connect() {
    async::TaskScope scope(context_);
    scope.spawn("connect to the source", open_into(&from_, &pair_.source));
    scope.spawn("connect to the destination", open_into(&to_, &pair_.destination));
    co_return co_await scope.join();
  }

  /// The copy may have had to give the mailbox another name; only its state knows.
  MailboxPath renamed(const MailboxPath& path) {
    if (!std::filesystem::exists(request_.state_file)) return {};
    if (!journal_) {
      auto opened = state::Journal::open(request_.state_file);
      if (!opened) return {};
      journal_ = std::move(*opened);
    }
    const auto pair = journal_->pair(request_.from.label(), request_.to.label());
    if (!pair) return {};
    const auto note = journal_->note(*pair, sync::renamed_note(path));
    if (!note || !*note) return {};
    const auto other = state::parse_mailbox_key(**note);
    return other ? *other : MailboxPath{};
  }

  void add(Finding finding) {
    ++report_.findings_total;
    if (report_.findings.size() < VerifyReport::kMostFindings) report_.findings.push_back(std::move(finding));
  }

  static Task<> scan_into(store::Session* session, MailboxPath mailbox, Side* side) {
    const std::vector<store::ScanRequest> requests{
        {.mailbox = std::move(mailbox),
         .uid_validity = 0,
         .uids = {},
         .from = 1,
         .changed_since = 0,
         .detail = {.flags = true, .octets = true, .date = true, .identity = true}}};
    const std::vector<store::MetaSink*> sinks{side};
    CO_TRY(auto results, co_await session->scan(requests, sinks));
    if (!results.front()) co_return std::unexpected(results.front().error());
    std::ranges::sort(side->entries, {}, &Side::Entry::uid);
    co_return Result<>{};
  }

  Task<> check(const sync::RouteSpec& spec) {
    auto& mailbox = report_.mailboxes.emplace_back();
    mailbox.source = spec.source;
    mailbox.destination = spec.destination;
    Side source;
    Side destination;
    async::TaskScope scope(context_);
    scope.spawn("scan the source", scan_into(pair_.source.get(), spec.source, &source));
    if (spec.destination_status)
      scope.spawn("scan the destination", scan_into(pair_.destination.get(), spec.destination, &destination));
    CO_CHECK(co_await scope.join());
    if (!spec.destination_status)
      add({.kind = Difference::mailbox,
           .source = spec.source,
           .destination = spec.destination,
           .detail = "the mailbox does not exist on the destination"});
    mailbox.on_source = source.entries.size();
    auto matching = plan::match_messages(std::move(source.list), std::move(destination.list));
    CO_CHECK(co_await settle_unsure(spec, matching));
    pair_duplicates(matching.matched, source, destination);
    mailbox.matched = matching.matched.size();
    mailbox.missing = matching.missing.size();
    mailbox.extra = matching.extra.size();
    co_return co_await report_differences(spec, mailbox, source, destination, matching);
  }

  Task<> settle_unsure(const sync::RouteSpec& spec, plan::MessageMatching& matching) {
    if (matching.is_sure()) co_return Result<>{};
    const auto source_uids = matching.unsure_source_uids();
    const auto destination_uids = matching.unsure_destination_uids();
    CO_TRY(auto source_digests, co_await digests(*pair_.source, spec.source, source_uids));
    CO_TRY(auto destination_digests, co_await digests(*pair_.destination, spec.destination, destination_uids));
    plan::resolve(matching, std::move(source_digests), std::move(destination_digests));
    co_return Result<>{};
  }

  static Task<std::vector<plan::BodyDigestOf>> digests(store::Session& session, const MailboxPath& mailbox,
                                                       const UidSet& uids) {
    std::vector<plan::BodyDigestOf> list;
    if (uids.empty()) co_return list;
    CO_TRY(const auto found, co_await session.body_digests(mailbox, uids));
    for (const auto& [uid, digest] : found)
      list.push_back({uid, digest});
    co_return list;
  }

  Task<> report_differences(const sync::RouteSpec& spec, VerifyReport::Mailbox& mailbox, const Side& source,
                            const Side& destination, const plan::MessageMatching& matching) {
    std::map<Uid, std::string> subjects;
    auto named = matching.missing;
    if (!named.empty()) {
      const auto first = named.take_front(100);
      auto found = co_await pair_.source->subjects(spec.source, first);
      if (found) subjects = std::move(*found);
    }
    for (const auto& range : matching.missing.ranges()) {
      for (std::uint64_t uid = range.first; uid <= range.last; ++uid)
        add({.kind = Difference::missing,
             .source = spec.source,
             .destination = spec.destination,
             .source_uid = static_cast<Uid>(uid),
             .detail = subjects[static_cast<Uid>(uid)]});
    }
    for (const auto& match : matching.matched) {
      const auto& from = source.find(match.source);
      const auto& to = destination.find(match.destination);
      if (compare(spec, match, source.combinations[from.flags], destination.combinations[to.flags], from.seconds,
                  to.seconds))
        ++mailbox.differing;
    }
    if (request_.deep || !request_.manifest.empty())
      co_return co_await compare_contents(spec, mailbox, source, matching);
    co_return Result<>{};
  }

  bool compare(const sync::RouteSpec& spec, const plan::MatchedPair& match, const Flags& from, const Flags& to,
               std::int64_t from_time, std::int64_t to_time) {
    bool differs = false;
    const auto note = [&](Difference kind, std::string detail) {
      differs = true;
      add({.kind = kind,
           .source = spec.source,
           .destination = spec.destination,
           .source_uid = match.source,
           .destination_uid = match.destination,
           .detail = std::move(detail)});
    };
    if (!(from == to))
      note(Difference::flags, fmt::format("source ({}), destination ({})", from.to_string(), to.to_string()));
    if (from_time != to_time)
      note(Difference::date, fmt::format("source {}, destination {}", InternalDate{.seconds = from_time}.to_string(),
                                         InternalDate{.seconds = to_time}.to_string()));
    return differs;
  }

  /// Reads every matched message on both sides (line ends count as equal) and writes the manifest lines.
  Task<> compare_contents(const sync::RouteSpec& spec, VerifyReport::Mailbox& mailbox, const Side& source,
                          const plan::MessageMatching& matching) {
    UidSet source_uids;
    UidSet destination_uids;
    for (const auto& match : matching.matched) {
      source_uids.add(match.source);
      destination_uids.add(match.destination);
    }
    if (source_uids.empty()) co_return Result<>{};
    CO_TRY(auto from, co_await pair_.source->body_digests(spec.source, source_uids));
    std::vector<std::pair<Uid, Digest>> to;
    if (request_.deep) {
      CO_TRY(to, co_await pair_.destination->body_digests(spec.destination, destination_uids));
    }
    std::ranges::sort(from);
    std::ranges::sort(to);
    const auto find = [](const std::vector<std::pair<Uid, Digest>>& list, Uid uid) -> const Digest* {
      const auto found = std::ranges::lower_bound(list, uid, {}, &std::pair<Uid, Digest>::first);
      return found == list.end() || found->first != uid ? nullptr : &found->second;
    };
    for (const auto& match : matching.matched) {
      const auto* left = find(from, match.source);
      const auto* right = find(to, match.destination);
      if (left != nullptr && !request_.manifest.empty()) add_manifest_line(spec, source, match.source, *left);
      if (!request_.deep || (left != nullptr && right != nullptr && *left == *right)) continue;
      ++mailbox.differing;
      add({.kind = Difference::content,
           .source = spec.source,
           .destination = spec.destination,
           .source_uid = match.source,
           .destination_uid = match.destination,
           .detail = left == nullptr || right == nullptr ? "one side did not send the message" : "the octets differ"});
    }
    co_return Result<>{};
  }

  void add_manifest_line(const sync::RouteSpec& spec, const Side& source, Uid uid, const Digest& digest) {
    const auto& entry = source.find(uid);
    manifest_ += fmt::format(
        "{}\t{}\t{}\t{}\t{}\n", state::to_mailbox_key(spec.source), uid, to_hex(std::span<const std::uint8_t>(digest)),
        InternalDate{.seconds = entry.seconds}.to_string(), source.combinations[entry.flags].to_string());
  }

  asio::io_context& context_;
  const VerifyRequest& request_;
  store::Store& from_;
  store::Store& to_;
  VerifyReport& report_;
  sync::SessionPair pair_;
  std::unique_ptr<state::Journal> journal_;
  std::string manifest_ = "# mailferry manifest 1: mailbox, source UID, digest, INTERNALDATE, flags\n";
};

Task<> run_verification(Verification* verification) {
  co_return co_await verification->run();
}

}  // namespace

VerifyReport run_verify(const VerifyRequest& request) {
  VerifyReport report;
  asio::io_context io{1};
  stores::imap::ImapStore from(io, to_connect_options(request.from, request.from_secret));
  stores::imap::ImapStore to(io, to_connect_options(request.to, request.to_secret));
  Verification verification(io, request, from, to, report);
  auto done = async::run_until_done(io, run_verification(&verification));
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace mailferry::services
