#include "stores/memory/memory_reader.hpp"

#include <utility>

namespace mailferry::stores::memory {

using Kind = store::ReadStep::Kind;

MemoryReader::MemoryReader(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {
  connection_->set_served(this);
}

MemoryReader::~MemoryReader() {
  connection_->set_served(nullptr);
  if (!active_.empty() || !arrived_.empty()) connection_->close();
}

void MemoryReader::send_ahead() {
  while (!queue_.empty()) {
    active_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

Result<store::ReadStep> MemoryReader::poll() {
  send_ahead();
  if (arrived_.empty() && !connection_->is_open()) return connection_->broken();
  if (arrived_.empty()) return store::ReadStep{};
  current_ = std::move(arrived_.front());
  arrived_.pop_front();
  octets_on_the_way_ -= current_.octets.size();
  if (current_.kind == Kind::message) head_ = std::move(current_.head);
  if (current_.kind == Kind::done) done_ = std::move(current_.done);
  return store::ReadStep{.kind = current_.kind, .octets = current_.octets};
}

Task<> MemoryReader::send() {
  send_ahead();
  co_return co_await connection_->turn();
}

Task<> MemoryReader::wait() {
  send_ahead();
  if (active_.empty() && arrived_.empty() && connection_->is_open())
    co_return fail(ErrorKind::timeout, Scope::account, "nothing was asked for, and nothing will come");
  do {
    auto turned = co_await connection_->turn();
    // What came before the connection broke is still to be taken.
    if (!turned && arrived_.empty()) co_return turned;
  } while (arrived_.empty());
  co_return Result<>{};
}

void MemoryReader::serve() {
  const auto& behaviour = connection_->server().behaviour;
  for (std::size_t sent = 0; sent < behaviour.octets_a_turn && octets_on_the_way_ < behaviour.octets_on_the_way;) {
    const auto octets = send_piece();
    if (octets == 0 || !connection_->is_open()) return;
    sent += octets;
  }
}

std::size_t MemoryReader::send_piece() {
  if (sending_) return send_octets();
  if (active_.empty()) return 0;
  if (!opened_) {
    open_front();
    return 1;
  }
  const auto uid = active_.front().uids.take_front(1).min();
  if (uid == 0) {
    finish_front({});
    return 1;
  }
  begin_message(uid);
  return 1;
}

/// The mailbox of the request is opened, unless it is open already.
void MemoryReader::open_front() {
  const auto& request = active_.front();
  opened_ = true;
  messages_.reset();
  if (!request.mailbox.empty() && connection_->server().behaviour.unreadable == request.mailbox)
    return finish_front(fail(ErrorKind::permission, Scope::mailbox, "the server answered NO to EXAMINE"));
  if (connection_->has_examined(request.mailbox)) return;
  const auto step = connection_->begin_simple(Operation::read_open, "EXAMINE " + request.mailbox.to_string());
  if (!connection_->is_open()) return;
  if (!step) return finish_front(std::unexpected(step.error()));
  const auto* mailbox = connection_->server().account.find(request.mailbox);
  if (mailbox == nullptr) {
    finish_front(fail(ErrorKind::mailbox_missing, Scope::mailbox, "there is no mailbox " + request.mailbox.to_string(),
                      "the mailbox is gone: run again"));
  } else if (request.uid_validity != 0 && mailbox->uid_validity != request.uid_validity) {
    finish_front(validity_changed(request.mailbox));
  } else {
    messages_ = static_cast<std::uint32_t>(mailbox->messages.size());
    connection_->examine(request.mailbox);
  }
  connection_->end(*step);
}

void MemoryReader::begin_message(Uid uid) {
  const auto step = connection_->begin(Operation::read_message);
  if (!connection_->is_open()) return;
  const auto* mailbox = connection_->server().account.find(active_.front().mailbox);
  const auto* message = mailbox == nullptr ? nullptr : mailbox->find(uid);
  const auto& withheld = connection_->server().behaviour.withheld_text;
  const bool is_withheld = message != nullptr && !withheld.empty() && message->octets.contains(withheld);
  if (message == nullptr || step.refused() || is_withheld) return missing_.add(uid);
  store::MessageHead head{.ticket = active_.front().ticket,
                          .uid = uid,
                          .flags = message->flags,
                          .date = message->date,
                          .octets = message->octets.size()};
  arrived_.push_back({.kind = Kind::message, .octets = {}, .head = head, .done = {}});
  sending_ = Sending{step, std::move(head), message->octets};
}

std::size_t MemoryReader::send_octets() {
  auto& sending = *sending_;
  const bool first = sending.sent == 0;
  auto piece = sending.octets.substr(sending.sent, connection_->server().behaviour.chunk_octets);
  const auto octets = piece.size();
  if (octets == 0) {
    finish_message();
    return 1;
  }
  sending.sent += octets;
  octets_on_the_way_ += octets;
  arrived_.push_back({.kind = Kind::octets, .octets = std::move(piece), .head = {}, .done = {}});
  if (first) connection_->end(sending.step);
  return octets;
}

void MemoryReader::finish_message() {
  const auto& breaking = connection_->server().behaviour.breaking_text;
  const bool breaks = !breaking.empty() && sending_->octets.contains(breaking);
  sending_.reset();
  if (breaks) return connection_->lose();
  const auto step = connection_->begin(Operation::read_end);
  if (!connection_->is_open()) return;
  arrived_.push_back({.kind = Kind::end});
  connection_->end(step);
}

void MemoryReader::finish_front(Result<> result) {
  auto request = std::move(active_.front());
  active_.pop_front();
  opened_ = false;
  auto missing = std::exchange(missing_, UidSet{});
  missing.add(request.uids);
  arrived_.push_back({.kind = Kind::done,
                      .octets = {},
                      .head = {},
                      .done = {request.ticket, std::move(result), std::move(missing), messages_}});
}

}  // namespace mailferry::stores::memory
