// A session that replaces its connection when that breaks, and asks again for what has not come. For all that is done
// besides carrying messages: those have a way of their own, with the look-up of what is in doubt (CopyWorker).
#pragma once

#include "async/notifier.hpp"
#include "store/store.hpp"
#include "sync/reconnection.hpp"

#include <functional>
#include <span>

namespace mailferry::sync {

/// Receives a scan that may have to begin anew.
class RestartableSink : public store::MetaSink {
 public:
  /// What was told so far is void.
  virtual void restart() = 0;
};

/// What a session needs to be steady; shared by those of a run.
struct Steadiness {
  async::Notifier& stop_requested;  // ends a pause
  const bool& stopping;             // nothing is tried again any more
  int attempts = 6;
  /// Told before each pause; may be empty.
  std::function<void(const Error&, std::chrono::milliseconds)> on_retry{};
};

/// Calls give up as Reconnection says, with the last error. All of them may be repeated without harm: what they do
/// twice is what it was once. Sinks of a scan have to be RestartableSinks, or its first broken connection is the last.
class SteadySession final : public store::Session {
 public:
  /// `store` and what `how` refers to must outlive it. `session` may be null: it is opened when it is needed.
  SteadySession(Steadiness how, store::Store& store, std::unique_ptr<store::Session> session);

  /// There is a connection, as far as is known.
  [[nodiscard]] bool is_open() const noexcept { return session_ != nullptr; }
  /// The connection for somebody else; null: there is none.
  [[nodiscard]] std::unique_ptr<store::Session> release();
  /// Takes one back.
  void adopt(std::unique_ptr<store::Session> session);

  [[nodiscard]] const store::Traits& traits() const noexcept override;
  Task<store::MailboxList> list(bool with_octets) override;
  Task<> learn_names() override;
  Task<std::vector<Result<store::Prepared>>> prepare(const std::vector<store::CreateRequest>& requests) override;
  /// What a connection broke in the middle of is asked for in smaller parts.
  Task<std::vector<Result<store::ScanResult>>> scan(const std::vector<store::ScanRequest>& requests,
                                                    const std::vector<store::MetaSink*>& sinks) override;
  /// Goes on behind the last message that came whole. When the mailbox was scanned before, a UIDVALIDITY that is
  /// another one now is Error{protocol, mailbox}.
  Task<std::vector<std::pair<Uid, Digest>>> body_digests(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<> change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                      const std::vector<store::FlagUpdate>& updates) override;
  /// Of the connection that there is; they do not replace it.
  std::unique_ptr<store::Reader> reader() override { return session_->reader(); }
  std::unique_ptr<store::Appender> appender(std::size_t window_octets) override {
    return session_->appender(window_octets);
  }
  Task<> logout() override;
  void close() noexcept override;
  /// Of all connections that it had.
  [[nodiscard]] std::uint64_t commands() const noexcept override;

 private:
  using Digests = std::vector<std::pair<Uid, Digest>>;
  using ScanResults = std::vector<Result<store::ScanResult>>;
  /// Requests of one call that are still to be answered.
  struct ScanPart {
    std::span<const store::ScanRequest> requests;
    std::span<store::MetaSink* const> sinks;
    std::span<Result<store::ScanResult>> results;
    [[nodiscard]] ScanPart some(std::size_t from, std::size_t count) const;
  };

  template <class T, class Call>
  Task<T> persist(Call call);
  Task<> open();
  Task<> recover(const Error& error);
  void drop();
  Task<> scan_part(ScanPart part);
  Task<> scan_at_once(const ScanPart& part);
  Task<> scan_in_slices(const ScanPart& part);
  Task<store::ScanResult> scan_slice(const store::ScanRequest& request, store::MetaSink& sink);
  /// As the last scan found it; 0: none did.
  [[nodiscard]] UidValidity known_validity(const MailboxPath& mailbox) const;
  Task<bool> is_mailbox_sound(const MailboxPath& mailbox, const Error& refusal);
  Task<> read_digests(const MailboxPath& mailbox, const UidSet& uids, Digests& digests);

  Steadiness how_;
  store::Store& store_;
  std::unique_ptr<store::Session> session_;
  store::Traits traits_;  // of the last connection
  Reconnection reconnection_;
  std::map<MailboxPath, UidValidity> validities_;  // as scans saw them
  std::uint64_t commands_ = 0;                     // of connections that are gone
  bool closed_ = false;
};

}  // namespace mailferry::sync
