#include "sync/carry/destination_mailbox.hpp"

#include "sync/carry/carry_notes.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

constexpr std::chrono::milliseconds kMostQuiet{30'000};
/// A mailbox that others deliver into never comes to rest.
constexpr std::chrono::seconds kLongestWait{120};
constexpr std::chrono::milliseconds kLookEvery{250};

/// Of what has the same Date or Subject, the newest: the headers of so many are read.
constexpr std::uint64_t kMostFound = 1'000;

/// So many are asked for one by one at a time.
constexpr std::uint64_t kMostAtATime = 100;
/// Where all of more than these are refused, the mailbox is ill, and no message to blame.
constexpr std::size_t kMostAlone = 5;

constexpr store::ScanDetail kHeaders{
    .flags = false, .octets = true, .date = true, .identity = true, .message_id = false};

/// A refusal that may be about one message, also as a fault of the server.
bool may_be_of_one(const Error& error) {
  if (error.scope != Scope::message && error.scope != Scope::mailbox) return false;
  return error.kind != ErrorKind::mailbox_missing && error.kind != ErrorKind::cancelled;
}

/// The longest piece that every server finds: what is not ASCII some store, or search for, in another way.
std::string plain_part(std::string_view text) {
  constexpr std::size_t kLongest = 900;  // of a line of RFC 5322
  std::string_view longest;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };
    const auto* const from = text.data() + begin;
    const auto* const end = std::find_if_not(from, text.data() + text.size(), is_plain);
    const std::string_view piece(from, static_cast<std::size_t>(end - from));
    if (piece.size() > longest.size()) longest = piece;
    begin += piece.size() + 1;
  }
  longest = longest.substr(0, kLongest);
  while (longest.starts_with(' '))
    longest.remove_prefix(1);
  while (longest.ends_with(' '))
    longest.remove_suffix(1);
  return std::string(longest);
}

class KnownSink final : public store::MetaSink {
 public:
  KnownSink(KnownMessages& known, bool doubted) : known_(known), doubted_(doubted) {}
  void message(store::MessageMeta&& meta) override {
    known_.add(meta.identity.digest,
               {.uid = meta.uid,
                .octets = meta.octets,
                .seconds = meta.is_dated ? meta.date.seconds : 0,
                .body = {},
                .weak = meta.identity.weak,
                .doubted = doubted_},
               std::chrono::steady_clock::now());
  }

 private:
  KnownMessages& known_;
  bool doubted_;
};

class SecondsSink final : public store::MetaSink {
 public:
  explicit SecondsSink(const std::set<std::int64_t>& seconds) : seconds_(seconds) {}
  void message(store::MessageMeta&& meta) override {
    if (seconds_.contains(meta.date.seconds)) found.add(meta.uid);
  }
  UidSet found;

 private:
  const std::set<std::int64_t>& seconds_;
};

store::ScanRequest request_from(const MailboxPath& mailbox, Uid from) {
  return {.mailbox = mailbox, .uid_validity = 0, .uids = {}, .from = from, .changed_since = 0, .detail = {}};
}

}  // namespace

void DestinationMailbox::doubt_from(Uid from, UidValidity validity) {
  if (validity == 0) validity = uid_validity_;
  const bool is_of_another = doubt_from_ && doubt_validity_ != validity;
  doubt_from_ = is_of_another ? 1 : std::min(doubt_from_.value_or(from), std::max<Uid>(from, 1));
  doubt_validity_ = validity;
}

void DestinationMailbox::doubt_now(Uid from, UidValidity validity) {
  doubt_from(from, validity);
  broken_at_ = std::chrono::steady_clock::now();
}

Task<> DestinationMailbox::make_ready(store::Session& session, std::chrono::milliseconds slowest_append,
                                      const bool& stopping) {
  while (busy_)
    co_await settled_.wait();
  if (prepared_ && !doubt_from_) co_return Result<>{};
  busy_ = true;
  Result<> done;
  if (!prepared_) done = co_await prepare(session);
  while (done && doubt_from_)
    done = co_await settle_doubt(session, slowest_append, stopping);
  busy_ = false;
  settled_.notify_all();
  co_return done;
}

Task<> DestinationMailbox::prepare(store::Session& session) {
  // What is delivered meanwhile over another connection need not be in the answer yet.
  const Found before = uid_validity_ == 0 ? left_ : Found{uid_validity_, next_uid_};
  // Opened first, made only where that fails: a CREATE of what exists is an error at every server.
  for (const bool create : {false, true}) {
    const std::vector<store::CreateRequest> requests{
        {.mailbox = path_, .use = SpecialUse::none, .create = create, .subscribe = create}};
    CO_TRY(auto results, co_await session.prepare(requests));
    if (!results.front()) {
      if (create || path_.is_inbox()) co_return std::unexpected(results.front().error());
      continue;
    }
    const auto& prepared = *results.front();
    permanent_flags_ = prepared.permanent_flags;
    note_found(prepared.status, before);
    // Another mailbox of the same name: what was known of the old one says nothing.
    if (uid_validity_ != 0 && uid_validity_ != prepared.status.uid_validity) forget_all();
    const auto next = std::max<Uid>(1, prepared.status.uid_next);
    if (uid_validity_ != prepared.status.uid_validity) began_at_ = uid_validity_ == 0 ? next : 1;
    uid_validity_ = prepared.status.uid_validity;
    next_uid_ = next;
    prepared_ = true;
    co_return Result<>{};
  }
  co_return Result<>{};
}

void DestinationMailbox::note_found(const store::MailboxStatus& status, const Found& before) {
  if (before.uid_validity == 0) return;
  const bool is_lower = status.uid_next != 0 && status.uid_next < before.uid_next;
  if (status.uid_validity != before.uid_validity || is_lower) ++set_backs_;
}

std::optional<DestinationMailbox::Found> DestinationMailbox::take_left() {
  const Found now{uid_validity_, next_uid_};
  if (now.uid_validity == 0 || now == left_) return std::nullopt;
  return left_ = now;
}

/// After a broken connection the server may go on storing for a while: waits until the mailbox has been at rest.
Task<> DestinationMailbox::settle_doubt(store::Session& session, std::chrono::milliseconds slowest_append,
                                        const bool& stopping) {
  // The mailbox was made anew: what is in doubt may have any UID there.
  if (doubt_validity_ != 0 && doubt_validity_ != uid_validity_) doubt_from_ = 1;
  const auto from = *doubt_from_;
  const auto broken_at = broken_at_;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto quiet = std::clamp(slowest_append * kQuietAppends, settings_.least_quiet, kMostQuiet);
  const auto give_up = now() + kLongestWait;
  auto last_change = broken_at_.value_or(now() - quiet);
  CO_TRY(auto seen, co_await scan_from(session, from));
  auto next = seen.empty() ? from : seen.max() + 1;
  while (!stopping && now() < std::min(give_up, last_change + quiet)) {
    co_await settled_.wait_until(now() + std::min(kLookEvery, quiet / 8));
    CO_TRY(seen, co_await scan_from(session, next));
    if (seen.empty()) continue;
    last_change = now();
    next = seen.max() + 1;
  }
  if (stopping) co_return fail(ErrorKind::cancelled, Scope::run, "stopping");
  // Another connection broke meanwhile: that has to be waited for as well.
  if (doubt_from_ != from || broken_at_ != broken_at) co_return Result<>{};
  doubt_from_.reset();
  broken_at_.reset();
  co_return Result<>{};
}

Task<UidSet> DestinationMailbox::scan_from(store::Session& session, Uid from) {
  auto request = request_from(path_, from);
  UidSet seen;
  CO_CHECK(co_await learn(session, std::move(request), &seen));
  if (!seen.empty()) next_uid_ = std::max(next_uid_, seen.max() + 1);
  co_return seen;
}

Task<> DestinationMailbox::learn(store::Session& session, store::ScanRequest request, UidSet* seen) {
  request.detail = kHeaders;
  KnownSink sink(known_, seen != nullptr);
  const std::vector<store::ScanRequest> requests{request};
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front() && may_be_of_one(results.front().error()))
    co_return co_await learn_singly(session, request, sink, seen);
  if (!results.front()) co_return std::unexpected(results.front().error());
  if (seen != nullptr) *seen = std::move(results.front()->uids);
  co_return Result<>{};
}

/// A refusal may be about one message of many (quirk y3): only the answer for each by itself tells.
Task<> DestinationMailbox::learn_singly(store::Session& session, const store::ScanRequest& request,
                                        store::MetaSink& sink, UidSet* seen) {
  CO_TRY(const auto listed, co_await list(session, request));
  if (seen != nullptr) *seen = listed;
  std::map<Uid, Error> refused;
  for (auto left = listed; !left.empty();) {
    const auto part = left.take_front(kMostAtATime);
    CO_CHECK(co_await learn_each(session, part, sink, refused));
  }
  const bool is_ill = refused.size() == listed.size() && refused.size() > kMostAlone;
  if (is_ill) co_return std::unexpected(refused.begin()->second);
  co_return blame(refused);
}

/// What is refused again and again is not known. As long as that may pass the mailbox waits, as nothing may arrive
/// twice.
Result<> DestinationMailbox::blame(const std::map<Uid, Error>& refused) {
  Result<> done;
  for (const auto& [uid, error] : refused) {
    if (note_unreadable(uid)) continue;
    done = std::unexpected(error);
    done.error().message =
        fmt::format("the header of UID {} of {} is refused: {}", uid, path_.to_string(), error.message);
  }
  return done;
}

Task<UidSet> DestinationMailbox::list(store::Session& session, const store::ScanRequest& request) {
  if (request.uids) co_return *request.uids;
  std::vector<store::ScanRequest> requests{request};
  requests.front().detail = {};
  requests.front().detail.flags = true;
  const std::vector<store::MetaSink*> sinks;
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  co_return std::move(results.front()->uids);
}

Task<> DestinationMailbox::learn_each(store::Session& session, const UidSet& uids, store::MetaSink& sink,
                                      std::map<Uid, Error>& refused) {
  std::vector<store::ScanRequest> requests;
  auto each = uids.each();
  for (auto uid = each.next(); uid != 0; uid = each.next()) {
    requests.push_back(request_from(path_, 1));
    requests.back().uids = UidSet(UidRange{uid, uid});
    requests.back().detail = kHeaders;
  }
  const std::vector<store::MetaSink*> sinks(requests.size(), &sink);
  CO_TRY(const auto results, co_await session.scan(requests, sinks));
  for (std::size_t index = 0; index < results.size(); ++index) {
    if (results[index]) continue;
    const auto& error = results[index].error();
    if (!may_be_of_one(error)) co_return std::unexpected(error);
    refused.emplace(requests[index].uids->min(), error);
  }
  co_return Result<>{};
}

std::optional<SearchName> DestinationMailbox::search_name(const store::MessageMeta& meta) {
  constexpr std::size_t kLeast = 3;  // what is shorter is in many
  const auto id = plain_part(meta.message_id);
  // Some write the day with one digit and two blanks, which are one here.
  const auto date = plain_part(std::string_view(meta.sent).substr(meta.sent.find(',') + 1));
  const auto subject = meta.subject.contains("=?") ? std::string() : plain_part(meta.subject);
  if (!id.empty() && id == meta.message_id) return SearchName{"Message-ID", id};
  if (date.size() >= kLeast) return SearchName{"Date", date};
  if (subject.size() >= kLeast) return SearchName{"Subject", subject};
  if (id.size() >= kLeast) return SearchName{"Message-ID", id};
  return std::nullopt;
}

Task<> DestinationMailbox::look_for(store::Session& session, const std::set<SearchName>& names) {
  auto* searcher = session.searcher();
  if (searcher == nullptr) co_return Result<>{};
  std::map<std::string, std::vector<std::string>> by_field;
  for (const auto& [field, text] : names)
    by_field[field].push_back(text);
  UidSet found;
  for (const auto& [field, texts] : by_field) {
    CO_TRY(auto some, co_await searcher->find_in_header(path_, field, texts));
    const bool are_many = field != "Message-ID" && some.size() > kMostFound;
    if (are_many) static_cast<void>(some.take_front(some.size() - kMostFound));
    found.add(some);
  }
  if (found.empty()) co_return Result<>{};
  auto request = request_from(path_, 1);
  request.uids = std::move(found);
  co_return co_await learn(session, std::move(request), nullptr);
}

Task<> DestinationMailbox::look_for_dates(store::Session& session, const std::set<std::int64_t>& seconds) {
  if (seconds.empty()) co_return Result<>{};
  auto request = request_from(path_, 1);
  request.detail.date = true;
  SecondsSink sink(seconds);
  const std::vector<store::ScanRequest> requests{std::move(request)};
  const std::vector<store::MetaSink*> sinks{&sink};
  CO_TRY(auto results, co_await session.scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  if (sink.found.empty()) co_return Result<>{};
  auto learned = request_from(path_, 1);
  learned.uids = std::move(sink.found);
  co_return co_await learn(session, std::move(learned), nullptr);
}

bool DestinationMailbox::take_proof(Uid uid) {
  const auto before = proofs_.size();
  proofs_.add(UidRange{uid, uid});
  return proofs_.size() > before;
}

void DestinationMailbox::forget_all() {
  known_.forget_all();
  proofs_ = {};
  unreadable_.clear();
}

void DestinationMailbox::delivered(const Digest& identity, const KnownMessage& message, UidValidity uid_validity) {
  auto known = message;
  if (uid_validity != uid_validity_) known.uid = 0;
  if (known.uid != 0) {
    next_uid_ = std::max(next_uid_, known.uid + 1);
    static_cast<void>(take_proof(known.uid));
  }
  known_.add(identity, known, std::chrono::steady_clock::now());
}

}  // namespace mailferry::sync
