#include "stores/imap/imap_reader.hpp"

#include "imap/response_errors.hpp"
#include "stores/imap/uid_parts.hpp"

#include <algorithm>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::BodyBegin;
using mailferry::imap::BodyChunk;
using mailferry::imap::Code;
using mailferry::imap::ExistsData;
using mailferry::imap::ExpungeData;
using mailferry::imap::FetchData;
using mailferry::imap::FetchEnd;
using mailferry::imap::Status;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
using mailferry::imap::VanishedData;
namespace commands = mailferry::imap::commands;

/// A request is sent again where an EXPUNGE took the numbers away; a server that always sends one ends with missing
/// messages.
constexpr int kMostPasses = 4;

}  // namespace

void ImapReader::send_ahead() {
  while (!queue_.empty()) {
    active_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    active_.back().left = active_.back().request.uids;
    auto sent = send(active_.back());
    if (sent) continue;
    failed_.push_back({.ticket = active_.back().request.ticket,
                       .result = std::unexpected(sent.error()),
                       .missing = active_.back().left});
    active_.pop_back();
  }
}

Result<> ImapReader::send(Active& active) {
  TRY(const auto wire, names_.to_wire(active.request.mailbox));
  if (wire != examined_) {
    sent_.push_back({Command::examine, connection_.submit(commands::examine(wire)), {}});
    examined_ = wire;
    ++sent_epoch_;
  }
  active.epoch = sent_epoch_;
  send_fetches(active);
  return {};
}

void ImapReader::send_fetches(const Active& active) {
  auto uids = active.left;
  while (!uids.empty()) {
    const auto part = take_part(uids, connection_.capabilities());
    if (metadata_first_) {
      const auto command = commands::uid_fetch(part, {.flags = true, .internal_date = true});
      sent_.push_back({Command::metadata, connection_.submit(command), {}});
    }
    const auto command = metadata_first_
                             ? commands::uid_fetch(part, {.body = true})
                             : commands::uid_fetch(part, {.flags = true, .internal_date = true, .body = true});
    sent_.push_back({Command::bodies, connection_.submit(command), {}});
    if (!uids.empty()) sent_.back().command = Command::metadata;  // only the last command ends the request
  }
}

Task<> ImapReader::send() {
  send_ahead();
  co_return co_await connection_.flush();
}

Result<store::ReadStep> ImapReader::poll() {
  while (true) {
    if (held_body_) {
      if (const auto step = take_held()) return *step;
    }
    if (!queue_.empty()) send_ahead();
    if (!failed_.empty()) {
      auto done = std::move(failed_.front());
      failed_.pop_front();
      return give(std::move(done));
    }
    Step step;
    if (!in_body_ && !sent_.empty() && sent_.front().completion) {
      step = finish_next();
      if (lost_) return std::unexpected(*lost_);
    } else {
      TRY(auto* const event, connection_.poll());
      if (event == nullptr) return store::ReadStep{};
      step = on_event(*event);
      if (lost_) return std::unexpected(*lost_);
    }
    if (step) return *step;
  }
}

store::ReadStep ImapReader::give(store::ReadDone done) {
  done_ = std::move(done);
  return {.kind = store::ReadStep::Kind::done};
}

ImapReader::Step ImapReader::take_held() {
  if (!std::exchange(held_given_, true)) return store::ReadStep{store::ReadStep::Kind::octets, *held_body_};
  held_body_.reset();
  held_given_ = false;
  return store::ReadStep{store::ReadStep::Kind::end};
}

ImapReader::Step ImapReader::on_event(mailferry::imap::Event& event) {
  if (const auto* chunk = std::get_if<BodyChunk>(&event)) {
    if (!wanted_section_) return {};
    return store::ReadStep{store::ReadStep::Kind::octets, chunk->data};
  }
  if (const auto* body = std::get_if<BodyBegin>(&event)) return on_body(*body);
  if (const auto* end = std::get_if<FetchEnd>(&event)) return on_end(*end->data);
  if (auto* data = std::get_if<UntaggedData>(&event)) return on_data(*data);
  if (auto* status = std::get_if<StatusResponse>(&event)) on_status(*status);
  return {};
}

ImapReader::Active* ImapReader::find_active(Uid uid) {
  for (auto& active : active_) {
    if (active.epoch == epoch_ && active.left.contains(uid)) return &active;
  }
  return nullptr;
}

ImapReader::Step ImapReader::on_body(const BodyBegin& body) {
  in_body_ = true;
  wanted_section_ = false;
  if (active_.empty() || mailbox_error_ || body.section != "BODY[]") return {};
  if (read_head(*body.so_far, body.size)) {
    const auto step = deliver();
    delivering_ = wanted_section_ = step.has_value();
    return step;
  }
  metadata_first_ = true;
  for (auto& active : active_)
    active.incomplete = active.incomplete || active.epoch == epoch_;
  return {};
}

bool ImapReader::read_head(const FetchData& data, std::uint64_t size) {
  auto known = metadata_.extract(data.sequence);
  if (!known.empty()) {
    head_ = std::move(known.mapped());
  } else {
    head_.uid = 0;
    head_.flags.clear();
    head_.date.reset();
  }
  if (data.uid != 0) head_.uid = data.uid;
  if (data.flags) head_.flags = *data.flags;
  if (data.internal_date) head_.date = *data.internal_date;
  head_.octets = size;  // of what is sent; RFC822.SIZE may be another one (quirk x18)
  if (head_.uid == 0) return false;
  if (!known.empty() || (data.flags && data.internal_date)) return true;
  // The second time a server that tells no date at all is taken at its word.
  const auto* active = find_active(head_.uid);
  return active != nullptr && active->again;
}

/// The message of head_, if a request wants it.
ImapReader::Step ImapReader::deliver() {
  auto* active = find_active(head_.uid);
  if (active == nullptr) return {};
  active->left.remove(UidRange{head_.uid, head_.uid});
  head_.ticket = active->request.ticket;
  return store::ReadStep{store::ReadStep::Kind::message};
}

ImapReader::Step ImapReader::on_data(UntaggedData& data) {
  if (auto* fetch = std::get_if<FetchData>(&data)) return on_fetch(*fetch);
  if (std::holds_alternative<ExpungeData>(data) || std::holds_alternative<VanishedData>(data)) forget_metadata();
  const auto* exists = std::get_if<ExistsData>(&data);
  if (exists != nullptr && !sent_.empty() && sent_.front().command == Command::examine) exists_ = exists->count;
  return {};
}

/// The numbers behind an EXPUNGE are those of other messages now. What was told of them is asked for again rather than
/// that messages arrive without their flags and dates.
void ImapReader::forget_metadata() noexcept {
  if (metadata_.empty()) return;
  metadata_.clear();
  for (auto& active : active_)
    active.again = active.again && active.epoch != epoch_;
}

/// Only the whole FETCH response proves that the announced size was right; a wrong one is an error in its place.
ImapReader::Step ImapReader::on_end(const FetchData& whole) {
  in_body_ = wanted_section_ = false;
  if (!std::exchange(delivering_, false)) return {};
  if (whole.uid != 0 && whole.uid != head_.uid) {  // it came behind the body, and metadata of another message before
    connection_.close();
    lost_ = Error{.kind = ErrorKind::protocol,
                  .scope = Scope::account,
                  .retry = Retry::now,
                  .retry_after = {},
                  .message = fmt::format("the source sends the body of UID {} as that of UID {}", whole.uid, head_.uid),
                  .remedy = {},
                  .trail = {}};
    return {};
  }
  return store::ReadStep{store::ReadStep::Kind::end};
}

ImapReader::Step ImapReader::on_fetch(FetchData& fetch) {
  if (active_.empty() || mailbox_error_) return {};
  if (metadata_first_ && fetch.uid != 0 && (fetch.flags || fetch.internal_date) && fetch.sections.empty()) {
    auto& head = metadata_[fetch.sequence];
    head.uid = fetch.uid;
    if (fetch.flags) head.flags = *fetch.flags;
    if (fetch.internal_date) head.date = *fetch.internal_date;
  }
  for (auto& section : fetch.sections) {
    if (section.name != "BODY[]" || section.streamed || !section.data) continue;
    if (!read_head(fetch, section.data->size())) continue;
    const auto step = deliver();
    if (step) held_body_ = std::move(section.data);
    return step;
  }
  return {};
}

/// Commands may complete in another order than they were sent in (RFC 9051 §5.5); they are finished in the order of
/// sending.
void ImapReader::on_status(StatusResponse& status) {
  if (status.code.code == Code::uid_validity) uid_validity_ = static_cast<UidValidity>(status.code.number);
  if (status.tag.empty()) return;
  const auto found = std::ranges::find(sent_, status.tag, &Sent::tag);
  if (found != sent_.end()) found->completion = std::move(status);
}

ImapReader::Step ImapReader::finish_next() {
  const auto done = std::move(sent_.front());
  sent_.pop_front();
  if (done.command == Command::examine) return finish_examine(*done.completion);
  if (done.command == Command::bodies) return finish_bodies(*done.completion);
  if (done.completion->status != Status::ok) {
    auto error = refuse(*done.completion, "UID FETCH");
    if (!request_error_) request_error_ = std::move(error);
  }
  return {};
}

Error ImapReader::refuse(const StatusResponse& status, std::string_view step) {
  auto error = connection_.refuse(status, Scope::mailbox, step);
  if (mailferry::imap::needs_pause(error)) lost_ = error;
  return error;
}

ImapReader::Step ImapReader::finish_examine(const StatusResponse& status) {
  mailbox_error_.reset();
  ++epoch_;
  const auto uid_validity = std::exchange(uid_validity_, 0);  // never that of the mailbox before
  const auto& request = active_.front().request;
  if (status.status != Status::ok) {
    mailbox_error_ = refuse(status, "EXAMINE " + request.mailbox.to_string());
    examined_.clear();
  } else if (request.uid_validity != 0 && uid_validity != request.uid_validity) {  // quirk x28
    mailbox_error_ = Error{.kind = ErrorKind::protocol,
                           .scope = Scope::mailbox,
                           .retry = Retry::later,
                           .retry_after = {},
                           .message = fmt::format("UIDVALIDITY of {} changed from {} to {}",
                                                  request.mailbox.to_string(), request.uid_validity, uid_validity),
                           .remedy = "run again: messages are then recognised by their content",
                           .trail = {}};
    examined_.clear();
  }
  return {};
}

ImapReader::Step ImapReader::finish_bodies(const StatusResponse& status) {
  auto active = std::move(active_.front());
  active_.pop_front();
  if (active_.empty() || active_.front().epoch != epoch_) metadata_.clear();
  if (active.incomplete && !active.left.empty() && !active.again && active.passes < kMostPasses &&
      status.status == Status::ok && !mailbox_error_) {
    active.again = true;
    ++active.passes;
    active.incomplete = false;
    active.request.uids = active.left;
    queue_.push_front(std::move(active));
    return {};
  }
  // A NO may be about one message of many (quirk y3): the others have come, or are missing with it.
  store::ReadDone done{active.request.ticket, {}, std::move(active.left), exists_};
  const auto earlier_error = std::exchange(request_error_, std::nullopt);
  if (mailbox_error_) {
    done.result = std::unexpected(*mailbox_error_);
  } else if (earlier_error) {
    done.result = std::unexpected(*earlier_error);
  } else if (status.status != Status::ok) {
    done.result = std::unexpected(refuse(status, "UID FETCH"));
  }
  return give(std::move(done));
}

}  // namespace mailferry::stores::imap
