// Appends over one connection: MULTIAPPEND batches where offered, pipelined APPENDs elsewhere, with a window in flight.
#pragma once

#include "client/imap_connection.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"

#include <deque>

namespace mailferry::stores::imap {

/// Bounds of a batch; a batch grows towards them while the server accepts.
struct BatchLimits {
  std::size_t first_messages = 100;
  std::size_t messages = 1000;
  std::uint64_t octets = 24U << 20;
  std::size_t commands_in_flight = 16;  // MULTIAPPENDs; small mailboxes have small ones
  std::size_t singles_in_flight = 64;   // APPENDs of one message
};

class ImapAppender final : public store::Appender {
 public:
  /// Connection and names must outlive the appender. `window_octets`: sent and not yet answered for.
  ImapAppender(client::ImapConnection& connection, const MailboxNames& names, std::size_t window_octets,
               BatchLimits limits = {});

  Task<> begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token, bool alone) override;
  bool try_begin(const MailboxPath& mailbox, const store::MessageHead& head, std::uint64_t token, bool alone) override;
  Task<> write(std::span<const char> octets) override;
  bool try_write(std::span<const char> octets) override;
  Result<> end() override;
  Task<> flush() override;
  Task<> drain() override;
  std::vector<store::AppendOutcome> take_outcomes() override { return std::exchange(outcomes_, {}); }
  void close() noexcept override { connection_.close(); }

 private:
  struct Batch {
    std::string tag;
    std::string mailbox;                // wire name
    std::vector<std::uint64_t> tokens;  // empty: not an append (SELECT)
    std::uint64_t octets = 0;
    bool alone = false;
  };

  Result<> name(const MailboxPath& mailbox);
  [[nodiscard]] bool fits(std::uint64_t octets, bool alone) const;
  [[nodiscard]] bool has_room(std::uint64_t octets) const;
  void open(bool alone);
  void seal();
  /// True: the server must allow the octets first.
  bool add(const store::MessageHead& head, std::uint64_t token);
  Task<> wait_for_room(std::uint64_t octets);
  Task<> wait_for_continuation();
  Task<> receive_completion();
  /// Errors: the refusal ended the connection; what it was about is in doubt like all else that has no outcome.
  Result<> take_completion(const mailferry::imap::StatusResponse& status);
  Result<> settle(Batch& batch, const mailferry::imap::StatusResponse& status);
  void adapt(const Batch& batch, bool accepted);

  client::ImapConnection& connection_;
  const MailboxNames& names_;
  std::size_t window_octets_;
  BatchLimits limits_;
  std::size_t batch_messages_;
  bool multi_append_;
  MailboxPath mailbox_;          // of the message begun last
  std::string wire_;             // its wire name; empty: none yet
  std::optional<Batch> open_;    // not yet closed by its CRLF
  bool answered_early_ = false;  // the open batch has its completion already
  bool discarding_ = false;      // the message being written is not wanted: the server said NO instead of "+"
  std::uint64_t expected_ = 0;   // octets of the message that are still to come
  bool in_message_ = false;      // end() was not called yet
  std::deque<Batch> in_flight_;
  std::uint64_t octets_in_flight_ = 0;
  std::string selected_;  // wire name, when appends go into the selected mailbox
  std::vector<store::AppendOutcome> outcomes_;
  std::uint64_t looked_at_ = 0;  // octets written at the last look for answers
};

}  // namespace mailferry::stores::imap
