// One session with an account in memory.
#pragma once

#include "stores/memory/memory_network.hpp"

namespace mailferry::stores::memory {

class MemorySession final : public store::Session, private store::Searcher {
 public:
  explicit MemorySession(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)), traits_(connection_->server().traits()) {}
  ~MemorySession() override { connection_->close(); }
  MemorySession(const MemorySession&) = delete;
  MemorySession& operator=(const MemorySession&) = delete;

  [[nodiscard]] const store::Traits& traits() const noexcept override { return traits_; }
  Task<store::MailboxList> list(bool with_octets) override;
  Task<> learn_names() override { co_return Result<>{}; }
  Task<std::vector<Result<store::Prepared>>> prepare(const std::vector<store::CreateRequest>& requests) override;
  Task<std::vector<Result<store::ScanResult>>> scan(const std::vector<store::ScanRequest>& requests,
                                                    const std::vector<store::MetaSink*>& sinks) override;
  Task<std::vector<std::pair<Uid, Digest>>> body_digests(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<> change_flags(const MailboxPath& mailbox, UidValidity uid_validity,
                      const std::vector<store::FlagUpdate>& updates) override;
  /// A connection whose reader or appender dies before all was answered is closed: what is still to come would be
  /// taken for answers to something else.
  std::unique_ptr<store::Reader> reader() override;
  std::unique_ptr<store::Appender> appender(std::size_t window_octets) override;
  [[nodiscard]] store::Searcher* searcher() noexcept override { return this; }
  Task<> logout() override;
  void close() noexcept override { connection_->close(); }
  [[nodiscard]] std::uint64_t commands() const noexcept override { return connection_->commands(); }

 private:
  Task<UidSet> find_in_header(const MailboxPath& mailbox, std::string field,
                              const std::vector<std::string>& texts) override;
  [[nodiscard]] Result<> create(const store::CreateRequest& request);
  [[nodiscard]] Result<store::Prepared> select(const store::CreateRequest& request);
  [[nodiscard]] Result<store::ScanResult> scan_one(const store::ScanRequest& request, store::MetaSink* sink);
  [[nodiscard]] Result<> store_flags(const MailboxPath& mailbox, const UidSet& uids, const Flags& add,
                                     const Flags& remove);
  [[nodiscard]] Server& server() noexcept { return connection_->server(); }

  std::shared_ptr<Connection> connection_;  // with its reader or appender
  store::Traits traits_;
};

}  // namespace mailferry::stores::memory
