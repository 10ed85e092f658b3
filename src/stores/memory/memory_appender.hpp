// Appends to an account in memory: commands with a window in flight, MULTIAPPEND batches where the server takes them.
#pragma once

#include "stores/memory/memory_network.hpp"

#include <deque>

namespace mailferry::stores::memory {

class MemoryAppender final : public store::Appender, private Served {
 public:
  /// `window_octets`: sent and not yet answered for.
  MemoryAppender(std::shared_ptr<Connection> connection, std::size_t window_octets);
  ~MemoryAppender() override;
  MemoryAppender(const MemoryAppender&) = delete;
  MemoryAppender& operator=(const MemoryAppender&) = delete;

  Task<> begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token, bool alone) override;
  bool try_begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token, bool alone) override;
  Task<> write(std::span<const char> octets) override;
  bool try_write(std::span<const char> octets) override;
  Result<> end() override;
  Task<> flush() override;
  Task<> drain() override;
  std::vector<store::AppendOutcome> take_outcomes() override { return std::exchange(outcomes_, {}); }
  void close() noexcept override { connection_->close(); }

 private:
  struct Appended {
    std::string octets;
    Flags flags;
    std::optional<InternalDate> date;
  };
  struct Command {
    MailboxPath mailbox;
    std::vector<std::uint64_t> tokens{};
    std::vector<Appended> messages{};
    std::uint64_t octets = 0;
    bool alone = false;
  };
  struct Answer {
    store::AppendOutcome outcome;
    std::uint64_t octets = 0;  // of the command
  };

  void serve() override;
  [[nodiscard]] static bool contains(const Command& command, const std::string& text);
  [[nodiscard]] static bool is_busy(Server& server, const Command& command);
  [[nodiscard]] static std::optional<Error> refusal(Server& server, const Command& command);
  static void store(Server& server, const Command& command, std::size_t messages, store::AppendOutcome* outcome);
  void carry_out(const Command& command, const Step& step, store::AppendOutcome& outcome);
  void leave_behind(const Command& command, const Fault& fault);
  [[nodiscard]] bool fits(const MailboxPath& mailbox, std::uint64_t octets, bool alone) const;
  [[nodiscard]] bool has_room(std::uint64_t octets) const;
  void add(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token, bool alone);
  void seal();
  void take_answers();

  std::shared_ptr<Connection> connection_;
  std::size_t window_octets_;
  std::optional<Command> open_;  // not yet whole
  std::uint64_t expected_ = 0;   // octets of its last message that are still to come
  bool in_message_ = false;      // end() was not called yet
  std::deque<Command> sent_;     // on their way to the server
  std::deque<Answer> answers_;   // on their way back
  std::uint64_t octets_in_flight_ = 0;
  std::vector<store::AppendOutcome> outcomes_;
};

}  // namespace mailferry::stores::memory
