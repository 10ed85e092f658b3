#include "stores/memory/memory_appender.hpp"

#include <algorithm>
#include <utility>

namespace mailferry::stores::memory {
namespace {

/// Larger pieces go the long way, through write().
constexpr std::size_t kAtOnce = 100;

/// Where the client tells no date, the server takes its clock; this is all the time that passes here.
constexpr InternalDate kToday{.seconds = 1'700'000'000, .zone_minutes = 0};

Error refused(ErrorKind kind, Scope scope, Retry retry, std::string message) {
  return {.kind = kind,
          .scope = scope,
          .retry = retry,
          .retry_after = {},
          .message = std::move(message),
          .remedy = {},
          .trail = {}};
}

}  // namespace

MemoryAppender::MemoryAppender(std::shared_ptr<Connection> connection, std::size_t window_octets)
    : connection_(std::move(connection)), window_octets_(window_octets) {
  connection_->set_served(this);
}

MemoryAppender::~MemoryAppender() {
  connection_->set_served(nullptr);
  if (open_ || !sent_.empty() || !answers_.empty()) connection_->close();
}

bool MemoryAppender::fits(const MailboxPath& mailbox, std::uint64_t octets, bool alone) const {
  const auto& behaviour = connection_->server().behaviour;
  return open_ && behaviour.multi_append && !alone && !open_->alone && open_->mailbox == mailbox &&
         open_->tokens.size() < behaviour.batch_messages && octets_in_flight_ + octets <= window_octets_;
}

/// For one more command, with the open one counted as sent.
bool MemoryAppender::has_room(std::uint64_t octets) const {
  const auto commands = sent_.size() + answers_.size() + (open_ ? 1 : 0);
  return commands == 0 || (commands < connection_->server().behaviour.commands_in_flight &&
                           octets_in_flight_ + octets <= window_octets_);
}

Task<> MemoryAppender::begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token,
                             bool alone) {
  CO_CHECK(co_await connection_->turn());
  if (!fits(mailbox, head.octets, alone)) seal();
  while (!open_ && !has_room(head.octets)) {
    CO_CHECK(co_await connection_->turn());
    take_answers();
  }
  add(mailbox, head, token, alone);
  co_return Result<>{};
}

bool MemoryAppender::try_begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token,
                               bool alone) {
  if (!fits(mailbox, head.octets, alone)) {
    if (!has_room(head.octets)) return false;
    seal();
  }
  add(mailbox, head, token, alone);
  return true;
}

void MemoryAppender::add(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token, bool alone) {
  if (!open_) open_ = Command{.mailbox = mailbox, .alone = alone};
  open_->tokens.push_back(token);
  open_->messages.push_back({.octets = {}, .flags = head.flags, .date = head.date});
  open_->octets += head.octets;
  octets_in_flight_ += head.octets;
  expected_ = head.octets;
  in_message_ = true;
}

Task<> MemoryAppender::write(std::span<const char> octets) {
  if (octets.size() > expected_)
    co_return fail(ErrorKind::protocol, Scope::account, "the source sends more octets than it announced for a message");
  CO_CHECK(co_await connection_->turn());
  expected_ -= octets.size();
  open_->messages.back().octets.append(octets.data(), octets.size());
  co_return Result<>{};
}

bool MemoryAppender::try_write(std::span<const char> octets) {
  if (octets.size() > std::min<std::uint64_t>(expected_, kAtOnce)) return false;
  expected_ -= octets.size();
  open_->messages.back().octets.append(octets.data(), octets.size());
  return true;
}

Result<> MemoryAppender::end() {
  in_message_ = false;
  if (expected_ != 0)
    return fail(ErrorKind::protocol, Scope::account, "the source sends fewer octets than it announced for a message");
  if (open_->alone || !connection_->server().behaviour.multi_append) seal();
  return {};
}

void MemoryAppender::seal() {
  if (!open_) return;
  sent_.push_back(std::move(*open_));
  open_.reset();
}

void MemoryAppender::take_answers() {
  for (auto& answer : answers_) {
    octets_in_flight_ -= answer.octets;
    outcomes_.push_back(std::move(answer.outcome));
  }
  answers_.clear();
}

Task<> MemoryAppender::flush() {
  if (!connection_->is_open()) co_return connection_->broken();
  take_answers();
  co_return Result<>{};
}

Task<> MemoryAppender::drain() {
  if (!in_message_) seal();
  while (!sent_.empty() || !answers_.empty()) {
    CO_CHECK(co_await connection_->turn());
    take_answers();
  }
  if (!connection_->is_open()) co_return connection_->broken();
  co_return Result<>{};
}

void MemoryAppender::serve() {
  if (sent_.empty()) return;
  const auto step = connection_->begin(Operation::append);
  if (step.fault != nullptr && !connection_->is_open()) leave_behind(sent_.front(), *step.fault);
  if (contains(sent_.front(), connection_->server().behaviour.fatal_text)) connection_->lose();
  if (!connection_->is_open()) return;
  const auto command = std::move(sent_.front());
  sent_.pop_front();
  store::AppendOutcome outcome{.tokens = command.tokens};
  carry_out(command, step, outcome);
  connection_->end(step);
  if (connection_->is_open()) answers_.push_back({std::move(outcome), command.octets});
}

void MemoryAppender::carry_out(const Command& command, const Step& step, store::AppendOutcome& outcome) {
  auto& server = connection_->server();
  auto refused_for = refusal(server, command);
  if (step.refused())
    refused_for = refused(ErrorKind::message_rejected, Scope::message, Retry::never, "the server answered NO");
  if (!refused_for && is_busy(server, command))
    refused_for = refused(ErrorKind::throttled, Scope::message, Retry::later, "the server is busy");
  if (!refused_for) return store(server, command, command.messages.size(), &outcome);
  const auto stored = step.refused() ? step.fault->stored : server.behaviour.stored_before_refusal;
  if (command.messages.size() > 1) store(server, command, stored, nullptr);
  outcome.result = std::unexpected(std::move(*refused_for));
}

bool MemoryAppender::contains(const Command& command, const std::string& text) {
  return !text.empty() && std::ranges::any_of(command.messages, [&text](const Appended& message) {
    return message.octets.find(text) != std::string::npos;
  });
}

bool MemoryAppender::is_busy(Server& server, const Command& command) {
  auto& behaviour = server.behaviour;
  if (behaviour.busy_appends == 0 || !contains(command, behaviour.busy_text)) return false;
  --behaviour.busy_appends;
  return true;
}

std::optional<Error> MemoryAppender::refusal(Server& server, const Command& command) {
  const auto& behaviour = server.behaviour;
  if (server.account.look_up(command.mailbox) == nullptr)
    return refused(ErrorKind::mailbox_missing, Scope::mailbox, Retry::now,
                   "there is no mailbox " + command.mailbox.to_string());
  if (!behaviour.locked.empty() && behaviour.locked == command.mailbox)
    return refused(ErrorKind::permission, Scope::mailbox, Retry::never,
                   "no rights for the mailbox " + command.mailbox.to_string());
  for (const auto& message : command.messages) {
    if (behaviour.append_limit && message.octets.size() > *behaviour.append_limit)
      return refused(ErrorKind::message_rejected, Scope::message, Retry::never, "the message is too large");
    if (!behaviour.refused_text.empty() && message.octets.find(behaviour.refused_text) != std::string::npos)
      return refused(ErrorKind::message_rejected, Scope::message, Retry::never, "the message is not liked");
  }
  return {};
}

/// The first `messages` of the command; never one that the server refuses. Tells the outcome if it is asked to.
void MemoryAppender::store(Server& server, const Command& command, std::size_t messages,
                           store::AppendOutcome* outcome) {
  auto* mailbox = server.account.find(command.mailbox);
  if (mailbox == nullptr) return;
  for (std::size_t index = 0; index < std::min(messages, command.messages.size()); ++index) {
    const auto& message = command.messages[index];
    const auto& text = server.behaviour.refused_text;
    if (!text.empty() && message.octets.find(text) != std::string::npos) return;
    const auto uid = mailbox->append(message.octets, server.behaviour.permanent_flags.storable(message.flags),
                                     message.date.value_or(kToday));
    if (outcome != nullptr && server.behaviour.uid_plus)
      outcome->uids.add(server.behaviour.tells_wrong_uids ? static_cast<Uid>(index + 1) : uid);
  }
  if (outcome != nullptr && server.behaviour.uid_plus) outcome->uid_validity = mailbox->uid_validity;
}

/// The connection is gone, but the server has received whole commands.
void MemoryAppender::leave_behind(const Command& command, const Fault& fault) {
  if (fault.late == 0) return store(connection_->server(), command, fault.stored, nullptr);
  const std::vector<Command> commands(sent_.begin(), sent_.end());
  connection_->do_late(fault.late, [connection = connection_, commands] {
    for (const auto& each : commands) {
      if (!refusal(connection->server(), each)) store(connection->server(), each, each.messages.size(), nullptr);
    }
  });
}

}  // namespace mailferry::stores::memory
