#include "stores/memory/memory_network.hpp"

#include <algorithm>
#include <array>

namespace mailferry::stores::memory {
namespace {

constexpr std::array<std::string_view, 12> kOperationNames = {
    "open session", "list",   "prepare",      "scan",         "read: open",    "read: message",
    "read: end",    "append", "change flags", "read digests", "read subjects", "logout"};

Error connection_error(ErrorKind kind, Retry retry, std::string message) {
  return {.kind = kind,
          .scope = Scope::account,
          .retry = retry,
          .retry_after = {},
          .message = std::move(message),
          .remedy = {},
          .trail = {}};
}

}  // namespace

std::string_view to_string(Operation operation) noexcept {
  return kOperationNames.at(static_cast<std::size_t>(operation));
}

asio::awaitable<void> Network::turn() {
  if (!turning_) begin_turn();
  co_await turned_.wait();
}

void Network::begin_turn() {
  turning_ = true;
  const auto later = asio::require(context_.get_executor(), asio::execution::blocking.never);
  later.execute([this] {
    turning_ = false;
    work();
    turned_.notify_all();
  });
}

void Network::work() {
  ++turns_;
  const auto due = std::ranges::stable_partition(late_, [this](const Late& late) { return late.turn > turns_; });
  const std::vector<Late> ready(due.begin(), due.end());
  late_.erase(due.begin(), due.end());
  for (const auto& late : ready)
    late.work();
  for (auto* connection : connections_) {
    if (connection->is_open() && connection->served_ != nullptr) connection->served_->serve();
  }
}

Connection::Connection(Network& network, std::shared_ptr<Server> server)
    : network_(network), server_(std::move(server)) {
  network_.connections_.push_back(this);
}

Connection::~Connection() {
  std::erase(network_.connections_, this);
}

void Connection::close() noexcept {
  if (!error_) error_ = connection_error(ErrorKind::cancelled, Retry::never, "the connection was closed by this side");
}

void Connection::lose() {
  if (!error_) error_ = connection_error(ErrorKind::network, Retry::now, server_->name + " closed the connection");
}

Step Connection::begin(Operation operation) {
  check_examined();
  if (!is_open()) return {};
  const auto number = network_.operations_++;
  ++commands_;
  if (network_.on_operation) network_.on_operation(operation);
  return {number, strike(number, Moment::before)};
}

void Connection::end(const Step& step) {
  strike(step.number, Moment::after);
}

const Fault* Connection::strike(std::uint64_t number, Moment moment) {
  const Fault* found = nullptr;
  for (const auto& fault : network_.faults) {
    if (fault.operation != number || fault.moment != moment) continue;
    if (fault.kind == Fault::Kind::event) {
      fault.event();
    } else {
      found = &fault;
    }
  }
  if (found != nullptr && found->kind == Fault::Kind::lost) lose();
  return found;
}

Result<Step> Connection::begin_simple(Operation operation, const std::string& what) {
  const auto step = begin(operation);
  if (!is_open()) return broken();
  if (!step.refused()) return step;
  return fail(ErrorKind::permission, Scope::mailbox, "the server answered NO to " + what);
}

Result<> Connection::end_simple(const Step& step) {
  end(step);
  if (!is_open()) return broken();
  return {};
}

Task<> Connection::turn() {
  if (!is_open()) co_return broken();
  co_await network_.turn();
  if (!is_open()) co_return broken();
  co_return Result<>{};
}

void Connection::do_late(std::uint64_t turns, std::function<void()> work) {
  network_.late_.push_back({network_.turns_ + turns, std::move(work)});
}

void Connection::examine(const MailboxPath& mailbox) {
  const auto* opened = server_->account.find(mailbox);
  examined_ = opened == nullptr ? MailboxPath{} : mailbox;
  examined_validity_ = opened == nullptr ? 0 : opened->uid_validity;
}

void Connection::check_examined() {
  if (examined_.empty()) return;
  const auto* opened = server_->account.find(examined_);
  if (opened == nullptr || opened->uid_validity != examined_validity_) lose();
}

}  // namespace mailferry::stores::memory
