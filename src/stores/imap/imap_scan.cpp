// Scanning mailboxes: EXAMINE and one UID SEARCH or UID FETCH a mailbox, all mailboxes in one pipelined turn.
#include "base/header_fields.hpp"
#include "imap/response/words.hpp"
#include "imap/response_errors.hpp"
#include "mail/body_digest.hpp"
#include "stores/imap/imap_reader.hpp"
#include "stores/imap/imap_session.hpp"
#include "stores/imap/listing_count.hpp"
#include "stores/imap/uid_parts.hpp"

#include <limits>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::BodyBegin;
using mailferry::imap::BodyChunk;
using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::FetchData;
using mailferry::imap::FetchEnd;
using mailferry::imap::Status;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

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

/// Without a code, a name that is misspelt is as likely as a mailbox that cannot be opened.
Error named_or_asked(Error error) {
  if (error.remedy == mailferry::imap::kAskAdministrator)
    error.remedy = "see `mailferry folders` for the names of mailboxes; if it is one, ask the server's administrator";
  return error;
}

/// RFC 9738 §3.1: "[MESSAGELIMIT 1000 23221]" ends an answer that leaves out what is below the second number; 0: it
/// does not say where.
Uid last_answered(const mailferry::imap::ResponseCode& code) {
  const auto blank = code.argument.rfind(' ');
  if (blank == std::string::npos) return 0;
  const auto number = mailferry::imap::to_number(std::string_view(code.argument).substr(blank + 1));
  return number && *number <= std::numeric_limits<Uid>::max() ? static_cast<Uid>(*number) : 0;
}

}  // namespace

/// The commands of one request and what their answers add up to.
class MailboxScan {
 public:
  MailboxScan(ImapSession& session, const store::ScanRequest& request, store::MetaSink* sink)
      : session_(session), connection_(*session.connection_), request_(request), sink_(sink) {}

  Result<> submit() {
    CHECK_OK(open());
    if (request_.uids) {
      submit_parts(*request_.uids);
    } else if (is_plain(request_.detail) && is_whole() && connection_.has(Capability::esearch)) {
      // Its answer can be compared with a count, as not every server finds all it has (quirk z5).
      is_search_ = true;
      tags_.push_back(connection_.submit(commands::uid_search_from(request_.from, true)));
    } else {
      tags_.push_back(
          connection_.submit(commands::uid_fetch_from(request_.from, to_items(request_.detail), changed_since())));
    }
    return {};
  }

  Task<> receive() {
    const client::UntaggedHandler on_data = [this](UntaggedData& data) { on_examine(data); };
    const client::StatusHandler on_status = [this](const StatusResponse& status) { on_examine(status); };
    const auto step = "EXAMINE " + request_.mailbox.to_string();
    opened_ = {};
    auto examined = co_await connection_.complete(examine_tag_, Scope::mailbox, step, on_data, on_status);
    if (!examined && !connection_.transport().is_open()) co_return std::unexpected(examined.error());
    if (!examined) error_ = named_or_asked(examined.error());
    const auto wanted = looked_again_ ? result_.status.uid_validity : request_.uid_validity;
    if (!error_ && wanted != 0 && opened_.uid_validity != wanted)
      error_ = mailbox_error(ErrorKind::protocol, "UIDVALIDITY of " + request_.mailbox.to_string() + " changed",
                             "run again: messages are then recognised by their content");
    if (error_) session_.examined_.clear();
    // What is listed is complete up to here: what came since has a UID above the first UIDNEXT.
    if (!looked_again_) result_.status = opened_;
    if (below_ == 0) count_ = ListingCount(opened_.messages, opened_.uid_next, is_search_);
    co_return co_await receive_answers();
  }

  /// The answers left out something.
  [[nodiscard]] bool is_incomplete() const {
    return !error_ && (answered_from_ != 0 || (!listed_again_ && lacks_messages()));
  }

  /// Asks for what was left out. By now another mailbox may be open.
  Task<> look_again() {
    looked_again_ = true;
    CO_CHECK(open());
    if (answered_from_ != 0) {
      const auto rest = left_out();
      submit_parts(rest);
    } else {
      listed_again_ = true;
      is_search_ = false;
      tags_.push_back(connection_.submit(commands::uid_fetch_from(1, to_items(request_.detail))));
    }
    below_ = std::exchange(answered_from_, 0);
    co_return co_await receive();
  }

  Result<store::ScanResult> take() {
    if (error_) return std::unexpected(*error_);
    if (lacks_messages()) result_.unlisted = static_cast<std::uint32_t>(count_.missing());
    return std::move(result_);
  }

 private:
  Result<> open() {
    TRY(const auto wire, session_.names_->to_wire(request_.mailbox));
    // HIGHESTMODSEQ comes only where it is asked for, at some servers, whatever was enabled (quirk i2).
    examine_tag_ = connection_.submit(commands::examine(wire, session_.traits_.change_tokens));
    session_.examined_ = wire;
    return {};
  }

  /// Some servers refuse CHANGEDSINCE 0, which would mean all (quirk y5).
  [[nodiscard]] std::optional<ModSeq> changed_since() const {
    if (!session_.traits_.change_tokens || request_.changed_since == 0) return std::nullopt;
    return request_.changed_since;
  }

  /// UIDs that are known to exist, or a range of which nobody knows how many do.
  void submit_parts(UidSet uids) {
    const auto since = request_.uids ? std::nullopt : changed_since();
    while (!uids.empty()) {
      const auto part =
          request_.uids ? take_part(uids, connection_.capabilities()) : uids.take_front_octets(kSetOctets);
      tags_.push_back(connection_.submit(commands::uid_fetch(part, to_items(request_.detail), since)));
    }
  }

  /// Some servers do not find all messages when they search (quirk z5), others do not list all (quirk z7).
  [[nodiscard]] bool lacks_messages() const { return is_whole() && count_.missing() != 0; }
  [[nodiscard]] bool is_whole() const { return !request_.uids && request_.from == 1 && !changed_since(); }

  /// What an answer that was cut short did not tell of (quirk y1): servers begin with the newest message.
  [[nodiscard]] UidSet left_out() const {
    const auto last = answered_from_ - 1;
    auto rest = request_.uids.value_or(UidSet(UidRange{request_.from, last}));
    rest.remove(result_.uids);
    if (last < rest.max()) rest.remove(UidRange{last + 1, rest.max()});
    return rest;
  }

  [[nodiscard]] static Error mailbox_error(ErrorKind kind, std::string message, std::string remedy) {
    return {.kind = kind,
            .scope = Scope::mailbox,
            .retry = Retry::later,
            .retry_after = {},
            .message = std::move(message),
            .remedy = std::move(remedy),
            .trail = {}};
  }

  void on_examine(UntaggedData& data) {
    if (const auto* exists = std::get_if<mailferry::imap::ExistsData>(&data)) opened_.messages = exists->count;
  }

  void on_examine(const StatusResponse& status) {
    const auto number = status.code.number;
    if (status.code.code == Code::uid_validity) opened_.uid_validity = static_cast<UidValidity>(number);
    if (status.code.code == Code::uid_next) opened_.uid_next = static_cast<Uid>(number);
    if (status.code.code == Code::highestmodseq) opened_.highest_modseq = number;
  }

  /// The answers to all parts of this mailbox; a server may complete them in any order.
  Task<> receive_answers() {
    while (!tags_.empty()) {
      CO_TRY(auto event, co_await connection_.next());
      if (const auto* status = std::get_if<StatusResponse>(&event)) {
        if (std::erase(tags_, status->tag) != 0) on_completion(*status);
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

  void on_completion(const StatusResponse& status) {
    if (status.code.code == Code::message_limit && last_answered(status.code) != 0) {
      on_cut(last_answered(status.code));
    } else if (status.status != Status::ok && !error_ && result_.status.messages != 0) {
      // Of an empty mailbox some servers answer BAD to any FETCH (quirk z3).
      error_ = connection_.located(
          mailferry::imap::to_error(status, Scope::mailbox, "the scan of " + request_.mailbox.to_string()));
    }
  }

  /// Whole are only answers that go on downwards from one to the next.
  void on_cut(Uid from) {
    if (from <= request_.from) return;
    const bool from_above = request_.uids || result_.uids.empty() || from <= result_.uids.min();
    if (!from_above || (below_ != 0 && from >= below_))
      error_ = mailbox_error(ErrorKind::protocol, "the server lists only a part of the messages, and not which ones",
                             "ask its administrator for a higher limit (MESSAGELIMIT)");
    answered_from_ = std::max(answered_from_, from);
  }

  void on_answer(UntaggedData& data) {
    if (const auto* search = std::get_if<mailferry::imap::ESearchData>(&data)) {
      if (search->all) add_found(*search->all);
    } else if (auto* fetch = std::get_if<FetchData>(&data)) {
      on_fetch(*fetch);
    } else if (const auto* exists = std::get_if<mailferry::imap::ExistsData>(&data)) {
      count_.on_exists(exists->count);
    } else if (const auto* expunge = std::get_if<mailferry::imap::ExpungeData>(&data)) {
      count_.on_expunge(expunge->number);
    } else if (const auto* vanished = std::get_if<mailferry::imap::VanishedData>(&data)) {
      if (!vanished->earlier) count_.on_vanished(vanished->uids);
    }
  }

  void add_found(const UidSet& found) {
    count_.on_found(found);
    // "n:*" names the last message even when its UID is below n (quirk x19).
    for (const auto& range : found.ranges()) {
      const UidRange wanted{std::max(range.first, request_.from), std::min(range.last, kLastUid)};
      if (wanted.first <= wanted.last) result_.uids.add(wanted);
    }
  }

  void on_fetch(FetchData& fetch) {
    const bool wanted = request_.uids ? request_.uids->contains(fetch.uid) : fetch.uid >= request_.from;
    if (fetch.uid == 0 || fetch.uid > kLastUid || !wanted || !has_all(fetch)) return;
    if (is_whole()) count_.on_listed(fetch.sequence, fetch.uid);
    if (result_.uids.contains(fetch.uid)) return;
    result_.uids.add(fetch.uid);
    if (sink_ == nullptr) return;
    store::MessageMeta meta{.uid = fetch.uid,
                            .flags = fetch.flags.value_or(Flags{}),
                            .octets = fetch.size.value_or(0),
                            .date = fetch.internal_date.value_or(InternalDate{}),
                            .identity = {}};
    meta.is_dated = fetch.internal_date.has_value();
    // Which may be the whole header (quirk z6).
    if (request_.detail.identity) meta.identity = identify_headers(header_of(fetch));
    if (request_.detail.message_id) {
      meta.message_id = find_field(header_of(fetch), "Message-ID").value_or("");
      meta.sent = find_field(header_of(fetch), "Date").value_or("");
      meta.subject = find_field(header_of(fetch), "Subject").value_or("");
    }
    sink_->message(std::move(meta));
  }

  /// An unsolicited FETCH holds less than was asked for.
  [[nodiscard]] bool has_all(const FetchData& fetch) const {
    const auto& detail = request_.detail;
    const bool is_for_date = detail.date && !detail.flags && !detail.octets && !detail.identity;
    if (is_for_date) return fetch.internal_date || !fetch.flags;
    return (!detail.flags || fetch.flags) && (!detail.octets || fetch.size) &&
           (!detail.identity || !fetch.sections.empty());
  }

  /// Of NIL nothing is known: never take the header of the message before for it.
  [[nodiscard]] std::string_view header_of(const FetchData& fetch) const {
    for (const auto& section : fetch.sections) {
      if (section.data) return *section.data;
      if (section.streamed) return header_;
    }
    return {};
  }

  ImapSession& session_;
  client::ImapConnection& connection_;
  const store::ScanRequest& request_;
  store::MetaSink* sink_;
  std::string examine_tag_;
  std::vector<std::string> tags_;
  std::string header_;
  store::ScanResult result_;
  store::MailboxStatus opened_;  // by the last EXAMINE
  ListingCount count_;
  bool is_search_ = false;
  bool looked_again_ = false;
  bool listed_again_ = false;  // because messages were missing
  Uid answered_from_ = 0;      // the answer was cut short: what is below is left out
  Uid below_ = 0;              // what was asked for when an answer was cut short before
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
    results.emplace_back(store::ScanResult{});
  }
  for (std::size_t index = 0; index < scans.size(); ++index) {
    while (submitted[index] && scans[index].is_incomplete())
      CO_CHECK(co_await scans[index].look_again());
    if (submitted[index]) results[index] = scans[index].take();
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
    const auto part = take_part(left, connection_->capabilities());
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
