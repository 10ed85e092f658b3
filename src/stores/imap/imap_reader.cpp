#include "stores/imap/imap_reader.hpp"

#include "imap/response_errors.hpp"

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::BodyBegin;
using mailferry::imap::BodyChunk;
using mailferry::imap::Code;
using mailferry::imap::FetchData;
using mailferry::imap::Status;
using mailferry::imap::StatusResponse;
using mailferry::imap::UntaggedData;
namespace commands = mailferry::imap::commands;

/// Command lines stay below this (quirks x26, y4, o7).
constexpr std::size_t kSetOctets = 900;

UidSet single(Uid uid) {
  return UidSet(UidRange{uid, uid});
}

}  // namespace

void ImapReader::send_ahead() {
  while (!queue_.empty()) {
    active_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    active_.back().left = active_.back().request.uids;
    auto sent = send(active_.back());
    if (sent) continue;
    failed_.push_back({active_.back().request.ticket, std::unexpected(sent.error()), active_.back().left});
    active_.pop_back();
  }
}

Result<> ImapReader::send(Active& active) {
  TRY(const auto wire, names_.to_wire(active.request.mailbox));
  if (wire != examined_) {
    sent_.push_back({Step::examine, connection_.submit(commands::examine(wire)), {}});
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
    const auto part = uids.take_front_octets(kSetOctets);
    if (metadata_first_) {
      const auto command = commands::uid_fetch(part, {.flags = true, .internal_date = true});
      sent_.push_back({Step::metadata, connection_.submit(command), {}});
    }
    const auto command = metadata_first_
                             ? commands::uid_fetch(part, {.body = true})
                             : commands::uid_fetch(part, {.flags = true, .internal_date = true, .body = true});
    sent_.push_back({Step::bodies, connection_.submit(command), {}});
    if (!uids.empty()) sent_.back().step = Step::metadata;  // only the last command ends the request
  }
}

Task<std::variant<store::MessageHead, store::ReadDone>> ImapReader::next() {
  held_body_.reset();
  while (true) {
    send_ahead();
    if (!failed_.empty()) {
      auto done = std::move(failed_.front());
      failed_.pop_front();
      co_return std::move(done);
    }
    Next next;
    if (!sent_.empty() && sent_.front().completion && !in_body_) {
      next = finish_next();
    } else {
      CO_TRY(auto event, co_await connection_.next());
      next = on_event(event);
    }
    if (next) co_return std::move(*next);
  }
}

ImapReader::Next ImapReader::on_event(mailferry::imap::Event& event) {
  if (const auto* body = std::get_if<BodyBegin>(&event)) return on_body(*body);
  if (ends_body(event)) {
    in_body_ = false;
    return {};
  }
  if (auto* data = std::get_if<UntaggedData>(&event)) return on_data(*data);
  if (const auto* status = std::get_if<StatusResponse>(&event)) on_status(*status);
  return {};
}

/// Only the whole FETCH response proves that the announced size was right; a wrong one is an error in its place.
bool ImapReader::ends_body(const mailferry::imap::Event& event) const {
  const auto* data = std::get_if<UntaggedData>(&event);
  return in_body_ && data != nullptr && std::holds_alternative<FetchData>(*data);
}

ImapReader::Active* ImapReader::find_active(Uid uid) {
  for (auto& active : active_) {
    if (active.epoch == epoch_ && active.left.contains(uid)) return &active;
  }
  return nullptr;
}

ImapReader::Next ImapReader::on_body(const BodyBegin& body) {
  in_body_ = true;
  if (active_.empty() || mailbox_error_ || body.section != "BODY[]") return {};
  auto head = head_of(*body.so_far, body.size);
  if (!head) {
    metadata_first_ = true;
    for (auto& active : active_)
      active.incomplete = active.incomplete || active.epoch == epoch_;
    return {};
  }
  auto* active = find_active(head->uid);
  if (active == nullptr) return {};
  return deliver(*active, std::move(*head));
}

std::optional<store::MessageHead> ImapReader::head_of(const FetchData& data, std::uint64_t size) {
  store::MessageHead head;
  const auto known = metadata_.find(data.sequence);
  if (known != metadata_.end()) head = known->second;
  if (data.uid != 0) head.uid = data.uid;
  if (data.flags) head.flags = *data.flags;
  if (data.internal_date) head.date = *data.internal_date;
  head.octets = size;
  if (head.uid == 0) return std::nullopt;
  const auto* active = find_active(head.uid);
  const bool complete = known != metadata_.end() || (data.flags && data.internal_date);
  // The second time a server that tells no date at all is taken at its word.
  if (!complete && !(active != nullptr && active->again)) return std::nullopt;
  return head;
}

store::MessageHead ImapReader::deliver(Active& active, store::MessageHead head) {
  active.left.remove(single(head.uid));
  head.ticket = active.request.ticket;
  return head;
}

ImapReader::Next ImapReader::on_data(UntaggedData& data) {
  auto* fetch = std::get_if<FetchData>(&data);
  if (fetch == nullptr || active_.empty() || mailbox_error_) return {};
  if (metadata_first_ && fetch->uid != 0 && (fetch->flags || fetch->internal_date) && fetch->sections.empty()) {
    auto& head = metadata_[fetch->sequence];
    head.uid = fetch->uid;
    if (fetch->flags) head.flags = *fetch->flags;
    if (fetch->internal_date) head.date = *fetch->internal_date;
  }
  for (auto& section : fetch->sections) {
    if (section.name != "BODY[]" || section.streamed || !section.data) continue;
    auto head = head_of(*fetch, section.data->size());
    auto* active = head ? find_active(head->uid) : nullptr;
    if (active == nullptr) continue;
    held_body_ = std::move(section.data);
    return deliver(*active, std::move(*head));
  }
  return {};
}

/// Commands may complete in another order than they were sent in (RFC 9051 §5.5); they are finished in the order of
/// sending.
void ImapReader::on_status(const StatusResponse& status) {
  if (status.code.code == Code::uid_validity) uid_validity_ = static_cast<UidValidity>(status.code.number);
  if (status.tag.empty()) return;
  const auto found = std::ranges::find(sent_, status.tag, &Sent::tag);
  if (found != sent_.end()) found->completion = status;
}

ImapReader::Next ImapReader::finish_next() {
  const auto done = std::move(sent_.front());
  sent_.pop_front();
  if (done.step == Step::examine) return finish_examine(*done.completion);
  if (done.step == Step::bodies) return finish_bodies(*done.completion);
  if (done.completion->status != Status::ok && !request_error_)
    request_error_ = mailferry::imap::to_error(*done.completion, Scope::mailbox, "UID FETCH");
  return {};
}

ImapReader::Next ImapReader::finish_examine(const StatusResponse& status) {
  mailbox_error_.reset();
  ++epoch_;
  const auto& request = active_.front().request;
  if (status.status != Status::ok) {
    mailbox_error_ = mailferry::imap::to_error(status, Scope::mailbox, "EXAMINE " + request.mailbox.to_string());
    examined_.clear();
  } else if (request.uid_validity != 0 && uid_validity_ != request.uid_validity) {
    mailbox_error_ = Error{.kind = ErrorKind::protocol,
                           .scope = Scope::mailbox,
                           .retry = Retry::later,
                           .retry_after = {},
                           .message = fmt::format("UIDVALIDITY of {} changed from {} to {}",
                                                  request.mailbox.to_string(), request.uid_validity, uid_validity_),
                           .remedy = "run again: messages are then recognised by their content",
                           .trail = {}};
    examined_.clear();
  }
  return {};
}

ImapReader::Next ImapReader::finish_bodies(const StatusResponse& status) {
  auto active = std::move(active_.front());
  active_.pop_front();
  if (active_.empty() || active_.front().epoch != epoch_) metadata_.clear();
  if (active.incomplete && !active.again && status.status == Status::ok && !mailbox_error_) {
    active.again = true;
    active.incomplete = false;
    active.request.uids = active.left;
    queue_.push_front(std::move(active));
    return {};
  }
  store::ReadDone done{active.request.ticket, {}, std::move(active.left)};
  const auto earlier_error = std::exchange(request_error_, std::nullopt);
  if (mailbox_error_) {
    done.result = std::unexpected(*mailbox_error_);
  } else if (earlier_error) {
    done.result = std::unexpected(*earlier_error);
  } else if (status.status != Status::ok) {
    done.result = std::unexpected(mailferry::imap::to_error(status, Scope::mailbox, "UID FETCH"));
  }
  return done;
}

Task<std::span<const char>> ImapReader::body() {
  if (held_body_) {
    held_chunk_ = *std::exchange(held_body_, std::nullopt);
    co_return std::span<const char>(held_chunk_);
  }
  while (in_body_) {
    CO_TRY(auto event, co_await connection_.next());
    if (const auto* chunk = std::get_if<BodyChunk>(&event)) co_return chunk->data;
    if (ends_body(event)) in_body_ = false;
  }
  co_return std::span<const char>{};
}

}  // namespace mailferry::stores::imap
