// What the stores in memory of one process share: the turns in which their servers work, the count of what these do,
// and what goes wrong there.
#pragma once

#include "async/notifier.hpp"
#include "stores/memory/memory_account.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::stores::memory {

/// What servers do. Each one is counted, and each one can go wrong.
enum class Operation {
  open_session,
  list,
  prepare,       // one mailbox: created, subscribed, opened
  scan,          // one mailbox
  read_open,     // a mailbox for a reader
  read_message,  // up to its first octets
  read_end,      // of a message
  append,        // one command: a message, or a MULTIAPPEND
  change_flags,  // one STORE
  read_digests,
  read_subjects,
  logout,
};
[[nodiscard]] std::string_view to_string(Operation operation) noexcept;

enum class Moment {
  before,  // the operation has its effect
  after,   // it, and before the client hears of it
};

/// Something that happens at one operation.
struct Fault {
  enum class Kind {
    lost,     // the connection breaks
    refused,  // the server answers NO (only before)
    event,    // whatever `event` does
  };
  Kind kind = Kind::lost;
  std::uint64_t operation = 0;  // counted from zero over all stores of the network
  Moment moment = Moment::before;
  /// Of a lost or refused append: so many of its first messages are stored all the same. A single message that is
  /// refused is not stored.
  std::size_t stored = 0;
  /// Of a lost append: after so many turns the server stores it after all, and what came behind it. Zero: never.
  std::uint64_t late = 0;
  std::function<void()> event{};
};

class Connection;

/// Lives as long as one process of the client: shorter than the accounts, longer than the sessions. All on one thread;
/// the loop must not run any more when it ends.
class Network {
 public:
  /// `context` must outlive it.
  explicit Network(asio::io_context& context) : context_(context), turned_(context) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  std::vector<Fault> faults;
  std::function<void(Operation)> on_operation;  // before it is done

  /// How many operations there were.
  [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }

  /// Lets the loop turn once, and all servers work a little.
  asio::awaitable<void> turn();

 private:
  friend class Connection;
  struct Late {
    std::uint64_t turn;
    std::function<void()> work;
  };
  void begin_turn();
  void work();

  asio::io_context& context_;
  async::Notifier turned_;
  bool turning_ = false;
  std::vector<Connection*> connections_;
  std::vector<Late> late_;
  std::uint64_t turns_ = 0;
  std::uint64_t operations_ = 0;
};

/// The server's part of a conversation that goes on by itself.
class Served {
 public:
  virtual ~Served() = default;
  /// Does some of what the client asked for. Called at every turn while the connection is open.
  virtual void serve() = 0;
};

/// An operation that has begun.
struct Step {
  std::uint64_t number = 0;
  const Fault* fault = nullptr;  // of kind lost or refused
  [[nodiscard]] bool refused() const noexcept { return fault != nullptr && fault->kind == Fault::Kind::refused; }
};

/// One connection of a client to a server.
class Connection {
 public:
  /// `network` must outlive it.
  Connection(Network& network, std::shared_ptr<Server> server);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Server& server() noexcept { return *server_; }
  [[nodiscard]] bool is_open() const noexcept { return !error_; }
  void close() noexcept;
  /// Breaks, as a network does.
  void lose();
  /// What a call returns when the connection is not open: the reason.
  [[nodiscard]] std::unexpected<Error> broken() const { return std::unexpected(*error_); }

  /// Counts an operation, and lets happen what is to happen before it. The connection may be broken afterwards.
  Step begin(Operation operation);
  /// Lets happen what is to happen after it, before the client hears of it.
  void end(const Step& step);
  /// begin() for an operation without a part of its own in a fault: the error that the client gets.
  Result<Step> begin_simple(Operation operation, const std::string& what);
  /// end() in the same way.
  Result<> end_simple(const Step& step);

  /// One turn. Errors: the connection is broken.
  Task<> turn();
  /// Who works at each turn; null: nobody.
  void set_served(Served* served) noexcept { served_ = served; }
  /// Does `work` after so many turns, whether the connection is there or not.
  void do_late(std::uint64_t turns, std::function<void()> work);

  /// The mailbox is open on this connection. When its UIDVALIDITY changes, the server ends the connection.
  void examine(const MailboxPath& mailbox);
  void unexamine() noexcept { examined_ = {}; }
  [[nodiscard]] bool has_examined(const MailboxPath& mailbox) const { return examined_ == mailbox; }

  [[nodiscard]] std::uint64_t commands() const noexcept { return commands_; }

 private:
  friend class Network;
  const Fault* strike(std::uint64_t number, Moment moment);
  void check_examined();

  Network& network_;
  std::shared_ptr<Server> server_;
  Served* served_ = nullptr;
  std::optional<Error> error_;
  MailboxPath examined_;
  UidValidity examined_validity_ = 0;
  std::uint64_t commands_ = 0;
};

}  // namespace mailferry::stores::memory
