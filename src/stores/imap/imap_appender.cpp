#include "stores/imap/imap_appender.hpp"

#include "imap/response_errors.hpp"

#include <algorithm>

namespace mailferry::stores::imap {
namespace {

using mailferry::imap::Capability;
using mailferry::imap::Code;
using mailferry::imap::Status;
using mailferry::imap::StatusResponse;
namespace commands = mailferry::imap::commands;

/// A send of less costs more than it moves.
constexpr std::size_t kWorthSending = 64U << 10;
/// Octets sent from one look for answers to the next.
constexpr std::uint64_t kLookEvery = 1U << 20;

}  // namespace

ImapAppender::ImapAppender(client::ImapConnection& connection, const MailboxNames& names, std::size_t window_octets,
                           BatchLimits limits)
    : connection_(connection),
      names_(names),
      window_octets_(window_octets),
      limits_(limits),
      batch_messages_(limits.first_messages),
      multi_append_(connection.has(Capability::multiappend)) {
  // RFC 9738 §3.1.
  const auto limit = connection.capabilities().message_limit().value_or(0);
  if (limit != 0) limits_.messages = std::min<std::size_t>(limits_.messages, limit);
  batch_messages_ = std::min(batch_messages_, limits_.messages);
}

Result<> ImapAppender::name(const MailboxPath& mailbox) {
  if (!wire_.empty() && mailbox_ == mailbox) return {};
  TRY(auto wire, names_.to_wire(mailbox));
  if (mailferry::imap::append_begin("A", wire, connection_.engine().literal_mode()).empty())
    return fail(ErrorKind::usage, Scope::mailbox,
                fmt::format("the server takes no line end in a name such as \"{}\"", mailbox.to_string()),
                "give it another name with --map, or as `to` of a bridge");
  wire_ = std::move(wire);
  mailbox_ = mailbox;
  return {};
}

bool ImapAppender::fits(std::uint64_t octets, bool alone) const {
  return open_ && multi_append_ && !answered_early_ && !alone && !open_->alone && open_->mailbox == wire_ &&
         open_->tokens.size() < batch_messages_ && open_->octets + octets <= limits_.octets;
}

/// For one more command, with the open one counted as sent.
bool ImapAppender::has_room(std::uint64_t octets) const {
  const auto commands = in_flight_.size() + (open_ ? 1 : 0);
  const auto most = multi_append_ ? limits_.commands_in_flight : limits_.singles_in_flight;
  return commands == 0 || (commands < most && octets_in_flight_ + octets <= window_octets_);
}

Task<> ImapAppender::begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token,
                           bool alone) {
  CO_CHECK(name(mailbox));
  if (!fits(head.octets, alone)) {
    seal();
    CO_CHECK(co_await wait_for_room(head.octets));
    open(alone);
  }
  if (add(head, token)) CO_CHECK(co_await wait_for_continuation());
  co_return Result<>{};
}

bool ImapAppender::try_begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token,
                             bool alone) {
  const bool ready = !wire_.empty() && mailbox_ == mailbox &&
                     connection_.engine().literal_mode() == mailferry::imap::LiteralMode::plus;
  if (!ready) return false;
  if (!fits(head.octets, alone)) {
    if (!has_room(head.octets)) return false;
    seal();
    open(alone);
  }
  (void)add(head, token);
  return true;
}

void ImapAppender::open(bool alone) {
  // Where each message costs its own APPEND, appending into the selected mailbox is the cheaper way for the server.
  if (!multi_append_ && selected_ != wire_) {
    in_flight_.push_back({.tag = connection_.submit(commands::select(wire_)),
                          .mailbox = wire_,
                          .tokens = {},
                          .octets = 0,
                          .alone = false});
    selected_ = wire_;
  }
  open_ = Batch{.tag = connection_.engine().next_tag(), .mailbox = wire_, .tokens = {}, .octets = 0, .alone = alone};
  connection_.engine().begin_append(open_->tag, wire_);
  answered_early_ = false;
}

bool ImapAppender::add(const store::MessageHead& head, std::uint64_t token) {
  open_->tokens.push_back(token);
  open_->octets += head.octets;
  octets_in_flight_ += head.octets;
  expected_ = head.octets;
  in_message_ = true;
  discarding_ = false;
  return connection_.engine().append_message(head.flags, head.date, head.octets);
}

Task<> ImapAppender::wait_for_room(std::uint64_t octets) {
  while (!has_room(octets))
    CO_CHECK(co_await receive_completion());
  co_return Result<>{};
}

Task<> ImapAppender::wait_for_continuation() {
  while (!answered_early_) {
    CO_TRY(const auto event, co_await connection_.next());
    if (std::holds_alternative<mailferry::imap::Continuation>(event)) co_return Result<>{};
    if (const auto* status = std::get_if<StatusResponse>(&event)) CO_CHECK(take_completion(*status));
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

bool ImapAppender::try_write(std::span<const char> octets) {
  if (octets.size() > expected_) return false;
  if (!discarding_ && !connection_.queue_octets(octets)) return false;
  expected_ -= octets.size();
  return true;
}

Result<> ImapAppender::end() {
  in_message_ = false;
  if (expected_ != 0)
    return fail(ErrorKind::protocol, Scope::account, "the source sends fewer octets than it announced for a message");
  if (open_ && (open_->alone || !multi_append_ || answered_early_)) seal();
  return {};
}

/// Completes what is open without waiting for its outcome.
void ImapAppender::seal() {
  if (!open_) return;
  connection_.engine().close_append();
  if (!answered_early_) in_flight_.push_back(std::move(*open_));
  open_.reset();
}

Task<> ImapAppender::flush() {
  if (connection_.engine().output_size() >= kWorthSending) CO_CHECK(co_await connection_.flush());
  const auto written = connection_.transport().octets_written();
  const bool is_over = connection_.is_hung_up();
  if (!is_over && (in_flight_.empty() || written - looked_at_ < kLookEvery)) co_return Result<>{};
  looked_at_ = written;
  while (is_over || !in_flight_.empty()) {
    CO_TRY(auto* const event, connection_.poll());
    if (event != nullptr) {
      if (const auto* status = std::get_if<StatusResponse>(event)) CO_CHECK(take_completion(*status));
      continue;
    }
    CO_TRY(const bool more, connection_.receive_at_once());
    if (!more) break;
  }
  co_return Result<>{};
}

Task<> ImapAppender::drain() {
  if (!in_message_) seal();
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
    CO_CHECK(take_completion(*status));
  }
  co_return Result<>{};
}

Result<> ImapAppender::take_completion(const StatusResponse& status) {
  const auto found = std::ranges::find(in_flight_, status.tag, &Batch::tag);
  if (found != in_flight_.end()) {
    CHECK_OK(settle(*found, status));
    in_flight_.erase(found);
  } else if (open_ && status.tag == open_->tag) {
    // RFC 7888 §4: after an early refusal the rest of a literal is still read and thrown away by the server.
    CHECK_OK(settle(*open_, status));
    answered_early_ = true;
  }
  return {};
}

Result<> ImapAppender::settle(Batch& batch, const StatusResponse& status) {
  octets_in_flight_ -= batch.octets;
  if (batch.tokens.empty()) return {};
  const bool accepted = status.status == Status::ok;
  Result<> result;
  if (!accepted) result = std::unexpected(connection_.refuse(status, Scope::message, "APPEND"));
  if (!accepted && mailferry::imap::needs_pause(result.error())) return result;
  adapt(batch, accepted);
  auto& outcome = outcomes_.emplace_back();
  // A server that tells another number of UIDs than messages tells nothing that can be relied on; some never do (quirk
  // x22).
  if (status.code.code == Code::appenduid && status.code.destination.size() == batch.tokens.size()) {
    outcome.uids = status.code.destination;
    outcome.uids.remove(UidRange{kLastUid + 1, kLastUid + 1});
    outcome.uid_validity = status.code.uid_validity;
  }
  outcome.is_of_size = !accepted && status.code.code == Code::too_big;
  outcome.is_of_limit = !accepted && status.code.code == Code::limit;
  outcome.result = std::move(result);
  outcome.tokens = std::move(batch.tokens);
  return {};
}

void ImapAppender::adapt(const Batch& batch, bool accepted) {
  if (!accepted) {
    batch_messages_ = std::max<std::size_t>(1, limits_.first_messages / 4);
  } else if (batch.tokens.size() >= batch_messages_) {
    batch_messages_ = std::min(limits_.messages, batch_messages_ * 2);
  }
}

}  // namespace mailferry::stores::imap
