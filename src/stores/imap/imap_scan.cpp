// Scanning mailboxes: EXAMINE and one UID SEARCH or UID FETCH a mailbox, all mailboxes in one pipelined turn.
#include "base/header_fields.hpp"
#include "imap/response_errors.hpp"
#include "mail/body_digest.hpp"
#include "stores/imap/imap_reader.hpp"
#include "stores/imap/imap_session.hpp"

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::BodyBegin;
using mailferry::imap::BodyChunk;
using mailferry::imap::BodyEnd;
using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::FetchData;
using mailferry::imap::FetchEnd;
using mailferry::imap::Status;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

constexpr std::size_t kSetOctets = 900;
/// Headers beyond this do not take part in the identity.
constexpr std::size_t kHeaderOctets = 256U << 10;

commands::FetchItems to_items(const store::ScanDetail& detail) {
  commands::FetchItems items{.flags = detail.flags, .internal_date = detail.date, .size = detail.octets};
  if (detail.identity) items.header_fields.assign(kIdentityFields.begin(), kIdentityFields.end());
  return items;
}

bool is_plain(const store::ScanDetail& detail) {
  return !detail.flags && !detail.octets && !detail.date && !detail.identity;
}

}  // namespace

/// The commands of one request and what their answers add up to.
class MailboxScan {
 public:
  MailboxScan(ImapSession& session, const store::ScanRequest& request, store::MetaSink* sink)
      : session_(session), connection_(*session.connection_), request_(request), sink_(sink) {}

  Result<> submit() {
    TRY(const auto wire, session_.names_->to_wire(request_.mailbox));
    const bool tokens = session_.traits_.change_tokens;
    examine_tag_ = connection_.submit(commands::examine(wire, tokens));
    session_.examined_ = wire;
    if (request_.uids) {
      submit_parts();
    } else if (is_plain(request_.detail) && connection_.has(Capability::esearch)) {
      tags_.push_back(connection_.submit(commands::uid_search_from(request_.from, true)));
    } else {
      std::optional<ModSeq> since;
      if (tokens && request_.changed_since > 0) since = request_.changed_since;
      tags_.push_back(connection_.submit(commands::uid_fetch_from(request_.from, to_items(request_.detail), since)));
    }
    return {};
  }

  Task<> receive() {
    auto examined = co_await connection_.complete(
        examine_tag_, Scope::mailbox, "EXAMINE " + request_.mailbox.to_string(),
        [this](UntaggedData& data) { on_examine(data); }, [this](const StatusResponse& status) { on_examine(status); });
    if (!examined && !connection_.transport().is_open()) co_return std::unexpected(examined.error());
    if (!examined) error_ = examined.error();
    if (error_) session_.examined_.clear();
    if (!error_ && request_.uid_validity != 0 && result_.status.uid_validity != request_.uid_validity)
      error_ = Error{.kind = ErrorKind::protocol,
                     .scope = Scope::mailbox,
                     .retry = Retry::later,
                     .retry_after = {},
                     .message = "UIDVALIDITY of " + request_.mailbox.to_string() + " changed",
                     .remedy = "run again: messages are then recognised by their content",
                     .trail = {}};
    co_return co_await receive_answers();
  }

  Result<store::ScanResult> take() {
    if (error_) return std::unexpected(*error_);
    return std::move(result_);
  }

 private:
  void submit_parts() {
    auto uids = *request_.uids;
    while (!uids.empty()) {
      const auto part = uids.take_front_octets(kSetOctets);
      tags_.push_back(connection_.submit(commands::uid_fetch(part, to_items(request_.detail))));
    }
  }

  void on_examine(UntaggedData& data) {
    if (const auto* exists = std::get_if<mailferry::imap::ExistsData>(&data)) result_.status.messages = exists->count;
  }

  void on_examine(const StatusResponse& status) {
    const auto number = status.code.number;
    if (status.code.code == Code::uid_validity) result_.status.uid_validity = static_cast<UidValidity>(number);
    if (status.code.code == Code::uid_next) result_.status.uid_next = static_cast<Uid>(number);
    if (status.code.code == Code::highestmodseq) result_.status.highest_modseq = number;
  }

  /// The answers to all parts of this mailbox; a server may complete them in any order.
  Task<> receive_answers() {
    while (!tags_.empty()) {
      CO_TRY(auto event, co_await connection_.next());
      if (const auto* status = std::get_if<StatusResponse>(&event)) {
        if (std::erase(tags_, status->tag) == 0) continue;
        // Some servers answer BAD to any FETCH in an empty mailbox (quirk z3).
        if (status->status != Status::ok && !error_ && result_.status.messages != 0)
          error_ = mailferry::imap::to_error(*status, Scope::mailbox, "the scan of " + request_.mailbox.to_string());
        continue;
      }
      if (const auto* body = std::get_if<BodyBegin>(&event)) {
        header_.clear();
        header_.reserve(std::min<std::uint64_t>(body->size, kHeaderOctets));
      } else if (const auto* chunk = std::get_if<BodyChunk>(&event)) {
        header_.append(chunk->data.data(), std::min(chunk->data.size(), kHeaderOctets - header_.size()));
      } else if (error_) {
        continue;
      } else if (const auto* end = std::get_if<FetchEnd>(&event)) {
        on_fetch(*end->data);
      } else if (auto* data = std::get_if<UntaggedData>(&event)) {
        on_answer(*data);
      }
    }
    co_return Result<>{};
  }

  void on_answer(UntaggedData& data) {
    if (const auto* search = std::get_if<mailferry::imap::ESearchData>(&data)) {
      if (search->all) add_found(*search->all);
    } else if (auto* fetch = std::get_if<FetchData>(&data)) {
      on_fetch(*fetch);
    }
  }

  void add_found(const UidSet& found) {
    // "n:*" names the last message even when its UID is below n (quirk x19).
    for (const auto& range : found.ranges()) {
      if (range.last >= request_.from) result_.uids.add(UidRange{std::max(range.first, request_.from), range.last});
    }
  }

  void on_fetch(FetchData& fetch) {
    const bool wanted = request_.uids ? request_.uids->contains(fetch.uid) : fetch.uid >= request_.from;
    if (fetch.uid == 0 || !wanted || !has_all(fetch)) return;
    result_.uids.add(fetch.uid);
    if (sink_ == nullptr) return;
    store::MessageMeta meta{.uid = fetch.uid,
                            .flags = fetch.flags.value_or(Flags{}),
                            .octets = fetch.size.value_or(0),
                            .date = fetch.internal_date.value_or(InternalDate{}),
                            .identity = {}};
    if (request_.detail.identity) meta.identity = identify_headers(header_of(fetch));
    sink_->message(std::move(meta));
  }

  /// An unsolicited FETCH holds less than was asked for.
  [[nodiscard]] bool has_all(const FetchData& fetch) const {
    return (!request_.detail.flags || fetch.flags) && (!request_.detail.octets || fetch.size) &&
           (!request_.detail.identity || !fetch.sections.empty());
  }

  [[nodiscard]] std::string_view header_of(const FetchData& fetch) const {
    for (const auto& section : fetch.sections) {
      if (section.data) return *section.data;
    }
    return header_;
  }

  ImapSession& session_;
  client::ImapConnection& connection_;
  const store::ScanRequest& request_;
  store::MetaSink* sink_;
  std::string examine_tag_;
  std::vector<std::string> tags_;
  std::string header_;
  store::ScanResult result_;
  std::optional<Error> error_;
};

Task<std::vector<Result<store::ScanResult>>> ImapSession::scan(const std::vector<store::ScanRequest>& requests,
                                                               const std::vector<store::MetaSink*>& sinks) {
  std::vector<MailboxScan> scans;
  std::vector<Result<>> submitted;
  scans.reserve(requests.size());
  for (std::size_t index = 0; index < requests.size(); ++index) {
    scans.emplace_back(*this, requests[index], sinks.empty() ? nullptr : sinks[index]);
    submitted.push_back(scans.back().submit());
  }
  std::vector<Result<store::ScanResult>> results;
  for (std::size_t index = 0; index < scans.size(); ++index) {
    if (!submitted[index]) {
      results.emplace_back(std::unexpected(submitted[index].error()));
      continue;
    }
    CO_CHECK(co_await scans[index].receive());
    results.push_back(scans[index].take());
  }
  co_return results;
}

namespace {

/// The value of the one field of a header block that holds only Subject.
std::string subject_in(std::string_view header) {
  const auto found = find_field(header, "Subject");
  return found.value_or("");
}

}  // namespace

Task<std::map<Uid, std::string>> ImapSession::subjects(const MailboxPath& mailbox, const UidSet& uids) {
  CO_TRY(const auto wire, names_->to_wire(mailbox));
  const auto examine = commands::examine(wire);
  examined_.clear();
  CO_TRY(auto examined, co_await connection_->run(examine, Scope::mailbox));
  std::map<Uid, std::string> subjects;
  auto left = uids;
  while (!left.empty()) {
    const auto part = left.take_front_octets(kSetOctets);
    const auto command = commands::uid_fetch(part, {.header_fields = {"Subject"}});
    const auto tag = connection_->submit(command);
    std::string header;
    while (true) {
      CO_TRY(auto event, co_await connection_->next());
      if (const auto* chunk = std::get_if<BodyChunk>(&event)) {
        header.append(chunk->data.data(), std::min(chunk->data.size(), kHeaderOctets - header.size()));
      } else if (const auto* end = std::get_if<FetchEnd>(&event)) {
        if (end->data->uid != 0) subjects[end->data->uid] = subject_in(header);
        header.clear();
      } else if (const auto* data = std::get_if<UntaggedData>(&event)) {
        const auto* fetch = std::get_if<FetchData>(data);
        if (fetch == nullptr || fetch->uid == 0) continue;
        for (const auto& section : fetch->sections)
          subjects[fetch->uid] = subject_in(section.data.value_or(""));
      } else if (const auto* status = std::get_if<StatusResponse>(&event); status != nullptr && status->tag == tag) {
        break;
      }
    }
  }
  co_return subjects;
}

Task<std::vector<std::pair<Uid, Digest>>> ImapSession::body_digests(const MailboxPath& mailbox, const UidSet& uids) {
  std::vector<std::pair<Uid, Digest>> digests;
  ImapReader reader(*connection_, *names_, examined_);
  reader.request({.ticket = 0, .mailbox = mailbox, .uid_validity = 0, .uids = uids});
  BodyDigest digest;
  using Kind = store::ReadStep::Kind;
  while (true) {
    CO_TRY(const auto step, reader.poll());
    if (step.kind == Kind::nothing) CO_CHECK(co_await reader.wait());
    if (step.kind == Kind::octets) digest.update(step.octets);
    if (step.kind == Kind::end) digests.emplace_back(reader.head().uid, digest.finish());
    if (step.kind != Kind::done) continue;
    const auto done = reader.take_done();
    if (!done.result) co_return std::unexpected(done.result.error());
    co_return digests;
  }
}

}  // namespace mailferry::stores::imap
