#include "sync/steady_session.hpp"

#include "mail/body_digest.hpp"

#include <algorithm>

namespace mailferry::sync {
namespace {

/// A call that failed is divided into so many.
constexpr std::size_t kParts = 8;
/// Messages of a scan that are asked for at a time once a connection broke.
constexpr std::uint64_t kSlice = 2000;

/// After so many messages that are refused by themselves it is the mailbox that cannot be read, and not its messages.
constexpr unsigned kRefusedReads = 100;

class SliceSink final : public store::MetaSink {
 public:
  void message(store::MessageMeta&& meta) override { messages.push_back(std::move(meta)); }
  std::vector<store::MessageMeta> messages;
};

/// The account asks for a pause: what was asked of one mailbox was refused for all.
template <class T>
const Error* pause_in(const T& /*answer*/) {
  return nullptr;
}
template <class T>
const Error* pause_in(const std::vector<Result<T>>& answers) {
  for (const auto& answer : answers) {
    if (!answer && answer.error().scope >= Scope::account && answer.error().retry != Retry::never)
      return &answer.error();
  }
  return nullptr;
}

/// In two halves; a message that is refused by itself is left out.
void divide_last(std::vector<UidSet>& parts) {
  auto& all = parts.back();
  if (all.size() < 2) return parts.pop_back();
  auto half = all.take_front(all.size() / 2);
  parts.push_back(std::move(half));
}

bool restart(std::span<store::MetaSink* const> sinks) {
  for (auto* sink : sinks) {
    if (sink == nullptr) continue;
    auto* restartable = dynamic_cast<RestartableSink*>(sink);
    if (restartable == nullptr) return false;
    restartable->restart();
  }
  return true;
}

}  // namespace

SteadySession::SteadySession(Steadiness how, store::Store& store, std::unique_ptr<store::Session> session)
    : how_(std::move(how)), store_(store), reconnection_(how_.attempts) {
  adopt(std::move(session));
}

void SteadySession::adopt(std::unique_ptr<store::Session> session) {
  session_ = std::move(session);
  if (session_) traits_ = session_->traits();
}

std::unique_ptr<store::Session> SteadySession::release() {
  traits_ = traits();
  return std::move(session_);
}

const store::Traits& SteadySession::traits() const noexcept {
  return session_ ? session_->traits() : traits_;
}

std::uint64_t SteadySession::commands() const noexcept {
  return commands_ + (session_ ? session_->commands() : 0);
}

void SteadySession::close() noexcept {
  closed_ = true;
  if (session_) session_->close();
}

Task<> SteadySession::logout() {
  if (!session_) co_return Result<>{};
  co_return co_await session_->logout();
}

void SteadySession::drop() {
  if (!session_) return;
  commands_ += session_->commands();
  session_->close();
  release().reset();
}

Task<> SteadySession::open() {
  if (session_) co_return Result<>{};
  if (closed_)
    co_return fail(ErrorKind::cancelled, Scope::account, "the connection to " + store_.name() + " was closed");
  CO_TRY(auto session, co_await store_.open_session());
  adopt(std::move(session));
  co_return Result<>{};
}

/// After this the next call opens another connection; or the error that there is no sense in that.
Task<> SteadySession::recover(const Error& error) {
  if (error.scope < Scope::account) co_return std::unexpected(error);
  drop();
  if (closed_ || how_.stopping) co_return std::unexpected(error);
  const auto delay = reconnection_.delay_after(error);
  if (!delay) {
    reconnection_.reset();  // who goes on with something else all the same has all attempts again
    co_return std::unexpected(error);
  }
  if (how_.on_retry) how_.on_retry(error, *delay);
  co_await async::sleep_for(*delay, how_.stop_requested);
  if (how_.stopping) co_return std::unexpected(error);
  co_return Result<>{};
}

/// One call of the session that there is, again on another one as long as that may help.
template <class T, class Call>
Task<T> SteadySession::persist(Call call) {
  while (true) {
    Result<T> done;
    auto opened = co_await open();
    if (opened) {
      done = co_await call(*session_);
    } else {
      done = std::unexpected(opened.error());
    }
    if constexpr (!std::is_void_v<T>) {
      const auto* pause = done ? pause_in(*done) : nullptr;
      if (pause != nullptr) done = std::unexpected(Error(*pause));
    }
    if (done) {
      reconnection_.reset();
      co_return done;
    }
    CO_CHECK(co_await recover(done.error()));
  }
}

Task<store::MailboxList> SteadySession::list(bool with_octets) {
  const auto call = [with_octets](store::Session& session) { return session.list(with_octets); };
  co_return co_await persist<store::MailboxList>(call);
}

Task<> SteadySession::learn_names() {
  const auto call = [](store::Session& session) { return session.learn_names(); };
  co_return co_await persist<void>(call);
}

Task<std::vector<Result<store::Prepared>>> SteadySession::prepare(const std::vector<store::CreateRequest>& requests) {
  const auto call = [&requests](store::Session& session) { return session.prepare(requests); };
  co_return co_await persist<std::vector<Result<store::Prepared>>>(call);
}

Task<std::map<Uid, std::string>> SteadySession::subjects(const MailboxPath& mailbox, const UidSet& uids) {
  const auto call = [&](store::Session& session) { return session.subjects(mailbox, uids); };
  co_return co_await persist<std::map<Uid, std::string>>(call);
}

Task<> SteadySession::change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                                   const std::vector<store::FlagUpdate>& updates) {
  const auto call = [&](store::Session& session) { return session.change_flags(mailbox, uid_validity, updates); };
  co_return co_await persist<void>(call);
}

SteadySession::ScanPart SteadySession::ScanPart::some(std::size_t from, std::size_t count) const {
  const auto length = std::min(count, requests.size() - from);
  return {requests.subspan(from, length), sinks.empty() ? sinks : sinks.subspan(from, length),
          results.subspan(from, length)};
}

Task<std::vector<Result<store::ScanResult>>> SteadySession::scan(const std::vector<store::ScanRequest>& requests,
                                                                 const std::vector<store::MetaSink*>& sinks) {
  ScanResults results(requests.size());
  const ScanPart all{requests, sinks, results};
  CO_CHECK(co_await scan_part(all));
  for (std::size_t index = 0; index < results.size(); ++index) {
    if (results[index]) validities_[requests[index].mailbox] = results[index]->status.uid_validity;
  }
  co_return results;
}

/// All in one turn; what fails is divided, so that a line that never holds for long gets to the end too.
Task<> SteadySession::scan_part(ScanPart part) {
  const auto scanned = co_await scan_at_once(part);
  if (scanned) {
    reconnection_.reset();
    co_return Result<>{};
  }
  if (scanned.error().scope < Scope::account || !restart(part.sinks)) co_return scanned;
  CO_CHECK(co_await recover(scanned.error()));
  const auto count = part.requests.size();
  if (count == 1) co_return co_await scan_in_slices(part);
  const auto size = (count + kParts - 1) / kParts;
  for (std::size_t from = 0; from < count; from += size)
    CO_CHECK(co_await scan_part(part.some(from, size)));
  co_return Result<>{};
}

Task<> SteadySession::scan_at_once(const ScanPart& part) {
  CO_CHECK(co_await open());
  const std::vector<store::ScanRequest> requests(part.requests.begin(), part.requests.end());
  const std::vector<store::MetaSink*> sinks(part.sinks.begin(), part.sinks.end());
  CO_TRY(auto results, co_await session_->scan(requests, sinks));
  if (const auto* pause = pause_in(results)) co_return std::unexpected(*pause);
  std::ranges::move(results, part.results.begin());
  co_return Result<>{};
}

/// The mailbox is listed, and then its messages are asked for some at a time. What the mailbox was like is told by the
/// list: what changes later is news for the next scan.
Task<> SteadySession::scan_in_slices(const ScanPart& part) {
  const auto& request = part.requests.front();
  auto* sink = part.sinks.empty() ? nullptr : part.sinks.front();
  auto& result = part.results.front();
  std::vector<store::ScanRequest> list{request};
  list.front().detail = {};
  const std::vector<store::MetaSink*> no_sinks;
  const auto call = [&](store::Session& session) { return session.scan(list, no_sinks); };
  CO_TRY(auto listed, co_await persist<ScanResults>(call));
  result = std::move(listed.front());
  if (!result || sink == nullptr) co_return Result<>{};
  auto left = std::exchange(result->uids, UidSet{});
  auto slice = request;
  slice.uid_validity = result->status.uid_validity;
  while (!left.empty()) {
    slice.uids = left.take_front(kSlice);
    auto scanned = co_await scan_slice(slice, *sink);
    if (!scanned && scanned.error().scope >= Scope::account) co_return std::unexpected(scanned.error());
    if (!scanned) {
      result = std::unexpected(scanned.error());
      co_return Result<>{};
    }
    result->uids.add(scanned->uids);
  }
  co_return Result<>{};
}

Task<store::ScanResult> SteadySession::scan_slice(const store::ScanRequest& request, store::MetaSink& sink) {
  SliceSink slice;
  const std::vector<store::ScanRequest> requests{request};
  const std::vector<store::MetaSink*> sinks{&slice};
  const auto call = [&](store::Session& session) {
    slice.messages.clear();
    return session.scan(requests, sinks);
  };
  CO_TRY(auto results, co_await persist<ScanResults>(call));
  if (!results.front()) co_return std::unexpected(results.front().error());
  for (auto& message : slice.messages)
    sink.message(std::move(message));
  co_return std::move(*results.front());
}

Task<std::vector<std::pair<Uid, Digest>>> SteadySession::body_digests(const MailboxPath& mailbox, const UidSet& uids) {
  Digests digests;
  unsigned refused = 0;
  std::vector<UidSet> parts{uids};
  while (!parts.empty()) {
    const auto before = digests.size();
    auto read = co_await open();
    if (read) read = co_await read_digests(mailbox, parts.back(), digests);
    if (read || digests.size() > before) reconnection_.reset();
    for (auto at = before; at < digests.size(); ++at)
      parts.back().remove(UidRange{digests[at].first, digests[at].first});
    if (read) {
      parts.pop_back();
      continue;
    }
    CO_TRY(const bool is_of_messages, co_await is_mailbox_sound(mailbox, read.error()));
    if (parts.back().size() == 1) ++refused;
    if (is_of_messages && refused < kRefusedReads) {
      divide_last(parts);
    } else {
      CO_CHECK(co_await recover(read.error()));
    }
  }
  co_return digests;
}

/// A NO may be about one message of many (quirk y3); the mailbox can be opened then, and is still the one of before.
Task<bool> SteadySession::is_mailbox_sound(const MailboxPath& mailbox, const Error& refusal) {
  if (refusal.scope >= Scope::account || refusal.kind == ErrorKind::protocol) co_return false;
  const std::vector<store::ScanRequest> requests{
      {.mailbox = mailbox, .uid_validity = known_validity(mailbox), .uids = {}, .from = kLastUid}};
  const std::vector<store::MetaSink*> no_sinks;
  CO_TRY(const auto opened, co_await scan(requests, no_sinks));
  co_return opened.front().has_value();
}

UidValidity SteadySession::known_validity(const MailboxPath& mailbox) const {
  const auto known = validities_.find(mailbox);
  return known == validities_.end() ? 0 : known->second;
}

/// Adds what comes whole, also when an error ends it.
Task<> SteadySession::read_digests(const MailboxPath& mailbox, const UidSet& uids, Digests& digests) {
  using Kind = store::ReadStep::Kind;
  if (uids.empty()) co_return Result<>{};
  const auto reader = session_->reader();
  reader->request({.ticket = 0, .mailbox = mailbox, .uid_validity = known_validity(mailbox), .uids = uids});
  BodyDigest digest;
  while (true) {
    CO_TRY(const auto step, reader->poll());
    if (step.kind == Kind::nothing) CO_CHECK(co_await reader->wait());
    if (step.kind == Kind::octets) digest.update(step.octets);
    if (step.kind == Kind::end) digests.emplace_back(reader->head().uid, digest.finish());
    if (step.kind == Kind::done) co_return reader->take_done().result;
  }
}

}  // namespace mailferry::sync
