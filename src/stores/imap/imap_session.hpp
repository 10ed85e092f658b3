// One signed-in connection to an IMAP account: listing, preparing, scanning, flags; everything pipelined.
#pragma once

#include "async/notifier.hpp"
#include "client/imap_connection.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_names.hpp"

#include <memory>

namespace mailferry::stores::imap {

class ImapSession final : public store::Session,
                          private store::Watcher,
                          private store::Searcher,
                          private store::Pruner,
                          private store::Labeller {
 public:
  ImapSession(asio::io_context& context, std::unique_ptr<client::ImapConnection> connection,
              std::shared_ptr<MailboxNames> names, std::string name, std::string identity);

  [[nodiscard]] const store::Traits& traits() const noexcept override { return traits_; }
  Task<std::vector<store::MailboxInfo>> list(bool with_octets) override;
  Task<std::vector<Result<store::Prepared>>> prepare(const std::vector<store::CreateRequest>& requests) override;
  Task<std::vector<Result<store::ScanResult>>> scan(const std::vector<store::ScanRequest>& requests,
                                                    const std::vector<store::MetaSink*>& sinks) override;
  Task<std::vector<std::pair<Uid, Digest>>> body_digests(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<> change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                      const std::vector<store::FlagUpdate>& updates) override;
  std::unique_ptr<store::Reader> reader() override;
  std::unique_ptr<store::Appender> appender(std::size_t window_octets) override;
  [[nodiscard]] store::Watcher* watcher() noexcept override;
  [[nodiscard]] store::Searcher* searcher() noexcept override { return this; }
  [[nodiscard]] store::Pruner* pruner() noexcept override;
  [[nodiscard]] store::Labeller* labeller() noexcept override;
  Task<> logout() override { return connection_->logout(); }
  void close() noexcept override { connection_->close(); }
  [[nodiscard]] std::uint64_t commands() const noexcept override { return connection_->engine().commands(); }

 private:
  friend class MailboxScan;
  Task<bool> watch(const store::Watched& watched, std::chrono::steady_clock::time_point until) override;
  void interrupt() noexcept override;
  Task<UidSet> find_message_ids(const MailboxPath& mailbox, const std::vector<std::string>& message_ids) override;
  Task<> expunge(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids) override;
  Task<> add_labels(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids,
                    const std::vector<std::string>& labels) override;
  /// Opens a mailbox to change something in it.
  Task<> select(const MailboxPath& mailbox, UidValidity uid_validity);
  /// Waits for all; the first refusal is the error, after the last answer.
  Task<> complete_all(const std::vector<std::string>& tags, std::string_view step);
  Task<bool> idle(std::chrono::steady_clock::time_point until);
  Task<> run_idle_end(std::chrono::steady_clock::time_point until);
  [[nodiscard]] std::string submit_extended_list(bool with_octets);
  Task<> list_statuses(std::vector<store::MailboxInfo>& mailboxes, bool with_octets);
  [[nodiscard]] std::vector<std::string_view> status_items(bool with_octets) const;
  [[nodiscard]] bool has(mailferry::imap::Capability capability) const { return connection_->has(capability); }

  asio::io_context& context_;
  std::unique_ptr<client::ImapConnection> connection_;
  std::shared_ptr<MailboxNames> names_;
  store::Traits traits_;
  async::Notifier idle_end_;
  bool interrupted_ = false;
  bool idle_done_ = false;
  bool idling_ = false;   // IDLE was accepted and DONE not yet sent
  std::string examined_;  // wire name that is open read-only, as long as nothing else was opened since
};

}  // namespace mailferry::stores::imap
