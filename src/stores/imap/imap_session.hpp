// One signed-in connection to an IMAP account: listing, preparing, scanning, flags; everything pipelined.
#pragma once

#include "async/notifier.hpp"
#include "client/imap_connection.hpp"
#include "store/store.hpp"
#include "stores/imap/mailbox_listing.hpp"
#include "stores/imap/mailbox_names.hpp"
#include "stores/imap/notified_mailboxes.hpp"

#include <functional>
#include <memory>

namespace mailferry::stores::imap {

/// Whether what a server told on its own is news of a watched mailbox. Errors: it will tell no more.
using NewsTest = std::function<Result<bool>(const mailferry::imap::Event&)>;

class ImapSession final : public store::Session,
                          private store::Watcher,
                          private store::ManyWatcher,
                          private store::Searcher,
                          private store::Pruner,
                          private store::Labeller {
 public:
  ImapSession(asio::io_context& context, std::unique_ptr<client::ImapConnection> connection,
              std::shared_ptr<MailboxNames> names, std::string name, std::string identity);

  [[nodiscard]] const store::Traits& traits() const noexcept override { return traits_; }
  Task<store::MailboxList> list(bool with_octets) override;
  Task<> learn_names() override;
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
  [[nodiscard]] store::ManyWatcher* many_watcher() noexcept override;
  [[nodiscard]] store::Searcher* searcher() noexcept override { return this; }
  [[nodiscard]] store::Pruner* pruner() noexcept override;
  [[nodiscard]] store::Labeller* labeller() noexcept override;
  Task<> logout() override { return connection_->logout(); }
  void close() noexcept override { connection_->close(); }
  [[nodiscard]] std::uint64_t commands() const noexcept override { return connection_->engine().commands(); }

 private:
  friend class MailboxScan;
  Task<bool> watch(const store::Watched& watched, std::chrono::steady_clock::time_point until) override;
  Task<std::vector<std::size_t>> watch_many(const std::vector<store::Watched>& watched,
                                            std::chrono::steady_clock::time_point until) override;
  void interrupt() noexcept override;
  Task<UidSet> find_in_header(const MailboxPath& mailbox, std::string field,
                              const std::vector<std::string>& texts) override;
  struct Answers {
    UidSet found{};
    std::size_t answered = 0;        // questions
    std::optional<Error> refused{};  // one of the others
  };
  Task<> find_groups(const MailboxPath& mailbox, const std::string& field,
                     const std::vector<std::vector<std::string>>& groups, Answers& answers);
  Task<> expunge(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids) override;
  Task<> add_labels(const MailboxPath& mailbox, UidValidity uid_validity, const UidSet& uids,
                    const std::vector<std::string>& labels) override;
  /// Opens a mailbox to change something in it.
  Task<> select(const MailboxPath& mailbox, UidValidity uid_validity);
  /// Waits for all; the first refusal is the error, after the last answer.
  Task<> complete_all(const std::vector<std::string>& tags, std::string_view step);
  /// Opens it, also when it is open already. True: it is not as it was.
  Task<bool> open_watched(const store::Watched& watched);
  /// True: `notice` found news in what the server told.
  Task<bool> idle(std::chrono::steady_clock::time_point until, const NewsTest& notice);
  [[nodiscard]] static bool tells_of_open_mailbox(const mailferry::imap::UntaggedData& data);
  static Result<bool> take_event(NotifiedMailboxes& mailboxes, const mailferry::imap::Event& event);
  static bool take_data(NotifiedMailboxes& mailboxes, const mailferry::imap::UntaggedData& data);
  Task<> set_notify(NotifiedMailboxes& mailboxes);
  Task<> run_notify(NotifiedMailboxes& mailboxes, NotifyMemory::Names spelling);
  void note_silent(const NotifiedMailboxes& mailboxes);
  Task<> run_idle_end(std::chrono::steady_clock::time_point until);
  asio::awaitable<void> expect_idle_end();
  [[nodiscard]] std::string submit_extended_list(const std::vector<std::string_view>& items);
  Task<> receive_listing(MailboxListing& listing, const std::vector<std::string_view>& items);
  Task<> add_inbox(store::MailboxInfo inbox, bool with_octets, std::vector<store::MailboxInfo>& mailboxes);
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
  bool idling_ = false;           // IDLE was accepted and DONE not yet sent
  bool idle_is_late_ = false;     // DONE was not answered within the deadline
  bool end_idle_ = false;         // there is something to tell: DONE, as soon as it may be said
  bool searches_singly_ = false;  // the server refuses to look for several Message-IDs at a time
  NotifyMemory notify_;           // what NOTIFY told so far
  std::string examined_;          // wire name that is open read-only, as long as nothing else was opened since
};

}  // namespace mailferry::stores::imap
