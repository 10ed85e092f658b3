// Messages of an account in memory as a stream: they arrive piece by piece, a few octets a turn.
#pragma once

#include "stores/memory/memory_network.hpp"

#include <deque>

namespace mailferry::stores::memory {

/// The error of a mailbox whose UIDVALIDITY is another than the caller knows.
[[nodiscard]] std::unexpected<Error> validity_changed(const MailboxPath& mailbox);

class MemoryReader final : public store::Reader, private Served {
 public:
  explicit MemoryReader(std::shared_ptr<Connection> connection);
  ~MemoryReader() override;
  MemoryReader(const MemoryReader&) = delete;
  MemoryReader& operator=(const MemoryReader&) = delete;

  void request(store::ReadRequest request) override { queue_.push_back(std::move(request)); }
  Result<store::ReadStep> poll() override;
  Task<> send() override;
  /// With no request outstanding: Error{timeout} at once, where a server would let the client wait for its deadline.
  Task<> wait() override;
  store::MessageHead& head() noexcept override { return head_; }
  store::ReadDone take_done() override { return std::move(done_); }
  void close() noexcept override { connection_->close(); }

 private:
  struct Arrived {
    store::ReadStep::Kind kind;
    std::string octets{};
    store::MessageHead head{};
    store::ReadDone done{};
  };
  /// A message that is being sent.
  struct Sending {
    Step step;
    store::MessageHead head;
    std::string octets;
    std::size_t sent = 0;
  };

  void serve() override;
  void send_ahead();
  /// Sends one piece; how many octets that were, zero when there is nothing more to send.
  std::size_t send_piece();
  void open_front();
  void begin_message(Uid uid);
  std::size_t send_octets();
  void finish_message();
  void finish_front(Result<> result);

  std::shared_ptr<Connection> connection_;
  std::deque<store::ReadRequest> queue_;   // not sent
  std::deque<store::ReadRequest> active_;  // sent; the front one is being answered: its UIDs are those still to come
  bool opened_ = false;                    // the front one's mailbox
  UidSet missing_;                         // of the front one
  std::optional<std::uint32_t> messages_;
  std::optional<Sending> sending_;
  std::deque<Arrived> arrived_;
  std::size_t octets_on_the_way_ = 0;
  Arrived current_{};  // the last step: what it shows stays valid until the next
  store::MessageHead head_;
  store::ReadDone done_;
};

}  // namespace mailferry::stores::memory
