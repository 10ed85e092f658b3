#include "stores/imap/imap_appender.hpp"

#include "imap/response_errors.hpp"

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::Status;
using mailferry::imap::StatusResponse;
namespace commands = mailferry::imap::commands;

}  // namespace

ImapAppender::ImapAppender(client::ImapConnection& connection, const MailboxNames& names, std::size_t window_octets,
                           BatchLimits limits)
    : connection_(connection),
      names_(names),
      window_octets_(window_octets),
      limits_(limits),
      batch_messages_(limits.first_messages),
      multi_append_(connection.has(Capability::multiappend)) {}

bool ImapAppender::fits(const std::string& wire, std::uint64_t octets, bool alone) const {
  return open_ && multi_append_ && !answered_early_ && !alone && !open_->alone && open_->mailbox == wire &&
         open_->tokens.size() < batch_messages_ && open_->octets + octets <= limits_.octets;
}

Task<> ImapAppender::begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token,
                           bool alone) {
  CO_TRY(const auto wire, names_.to_wire(mailbox));
  if (!fits(wire, head.octets, alone)) {
    CO_CHECK(co_await seal());
    CO_CHECK(co_await wait_for_room(head.octets));
    CO_CHECK(co_await open(wire, alone));
  }
  const bool first = open_->tokens.empty();
  open_->tokens.push_back(token);
  open_->octets += head.octets;
  octets_in_flight_ += head.octets;
  expected_ = head.octets;
  discarding_ = false;
  if (connection_.engine().append_message(open_->tag, wire, first, head.flags, head.date, head.octets))
    CO_CHECK(co_await wait_for_continuation());
  co_return Result<>{};
}

Task<> ImapAppender::open(const std::string& wire, bool alone) {
  // Where each message costs its own APPEND, appending into the selected mailbox is the cheaper way for the server.
  if (!multi_append_ && selected_ != wire) {
    in_flight_.push_back({.tag = connection_.submit(commands::select(wire)),
                          .mailbox = wire,
                          .tokens = {},
                          .octets = 0,
                          .alone = false});
    selected_ = wire;
  }
  open_ = Batch{.tag = connection_.engine().next_tag(), .mailbox = wire, .tokens = {}, .octets = 0, .alone = alone};
  answered_early_ = false;
  co_return Result<>{};
}

bool ImapAppender::full() const {
  const auto commands = multi_append_ ? limits_.commands_in_flight : limits_.singles_in_flight;
  return in_flight_.size() >= commands || octets_in_flight_ >= window_octets_;
}

Task<> ImapAppender::wait_for_room(std::uint64_t octets) {
  while (!in_flight_.empty() && (full() || octets_in_flight_ + octets > window_octets_))
    CO_CHECK(co_await receive_completion());
  co_return Result<>{};
}

Task<> ImapAppender::wait_for_continuation() {
  while (!answered_early_) {
    CO_TRY(const auto event, co_await connection_.next());
    if (std::holds_alternative<mailferry::imap::Continuation>(event)) co_return Result<>{};
    if (const auto* status = std::get_if<StatusResponse>(&event)) take_completion(*status);
  }
  // The server answered the literal's announcement with NO: the command is over without its octets and its CRLF.
  discarding_ = true;
  open_.reset();
  co_return Result<>{};
}

Task<> ImapAppender::write(std::span<const char> octets) {
  if (octets.size() > expected_)
    co_return fail(ErrorKind::protocol, Scope::account, "the source sends more octets than it announced for a message");
  expected_ -= octets.size();
  if (discarding_) co_return Result<>{};
  co_return co_await connection_.send_octets(octets);
}

Task<> ImapAppender::end() {
  if (expected_ != 0)
    co_return fail(ErrorKind::protocol, Scope::account,
                   "the source sends fewer octets than it announced for a message");
  if (open_ && (open_->alone || !multi_append_ || answered_early_)) CO_CHECK(co_await seal());
  co_return Result<>{};
}

Task<> ImapAppender::seal() {
  if (!open_) co_return Result<>{};
  connection_.engine().close_append();
  if (!answered_early_) in_flight_.push_back(std::move(*open_));
  open_.reset();
  if (connection_.engine().output_size() > (64U << 10)) CO_CHECK(co_await connection_.flush());
  co_return Result<>{};
}

Task<> ImapAppender::drain() {
  CO_CHECK(co_await seal());
  CO_CHECK(co_await connection_.flush());
  while (!in_flight_.empty())
    CO_CHECK(co_await receive_completion());
  co_return Result<>{};
}

Task<> ImapAppender::receive_completion() {
  const auto before = in_flight_.size();
  while (in_flight_.size() == before) {
    CO_TRY(const auto event, co_await connection_.next());
    const auto* status = std::get_if<StatusResponse>(&event);
    if (status == nullptr || status->tag.empty()) continue;
    take_completion(*status);
  }
  co_return Result<>{};
}

void ImapAppender::take_completion(const StatusResponse& status) {
  const auto found = std::ranges::find(in_flight_, status.tag, &Batch::tag);
  if (found != in_flight_.end()) {
    settle(*found, status);
    in_flight_.erase(found);
  } else if (open_ && status.tag == open_->tag) {
    // RFC 7888 §4: after an early refusal the rest of a literal is still read and thrown away by the server.
    settle(*open_, status);
    answered_early_ = true;
  }
}

void ImapAppender::settle(const Batch& batch, const StatusResponse& status) {
  octets_in_flight_ -= batch.octets;
  if (batch.tokens.empty()) return;
  const bool accepted = status.status == Status::ok;
  const bool alone = batch.tokens.size() == 1;
  adapt(batch, accepted);
  auto uids = status.code.code == Code::appenduid ? status.code.destination : UidSet{};
  // A server that tells another number of UIDs than messages tells nothing that can be relied on.
  if (uids.size() != batch.tokens.size()) uids = UidSet{};
  for (const auto token : batch.tokens) {
    store::AppendOutcome outcome{.token = token, .uid_validity = 0, .uid = 0, .alone = alone, .result = {}};
    if (!accepted) outcome.result = std::unexpected(mailferry::imap::to_error(status, Scope::message, "APPEND"));
    if (!uids.empty()) {
      outcome.uid = uids.take_front(1).min();
      outcome.uid_validity = status.code.uid_validity;
    }
    outcomes_.push_back(std::move(outcome));
  }
}

void ImapAppender::adapt(const Batch& batch, bool accepted) {
  if (!accepted) {
    batch_messages_ = std::max<std::size_t>(1, limits_.first_messages / 4);
  } else if (batch.tokens.size() >= batch_messages_) {
    batch_messages_ = std::min(limits_.messages, batch_messages_ * 2);
  }
}

}  // namespace mailferry::stores::imap
