// Where the messages are told that should be on the destination: an account, or the manifest of one.
#pragma once

#include "services/manifest.hpp"
#include "services/verify_side.hpp"
#include "store/store.hpp"

#include <map>
#include <string>
#include <vector>

namespace mailferry::services {

class Origin {
 public:
  virtual ~Origin() = default;
  virtual Task<> scan(const MailboxPath& mailbox, Side& side) = 0;
  virtual Task<std::vector<plan::BodyDigestOf>> digests(const MailboxPath& mailbox, const UidSet& uids) = 0;
  /// Raw values of Subject fields, as far as they are known.
  virtual Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) = 0;
  /// Sizes tell messages apart.
  [[nodiscard]] virtual plan::SizeEvidence sizes() const noexcept { return plan::SizeEvidence::compare; }
  /// Flags are what they were when they were looked at.
  [[nodiscard]] virtual bool has_current_flags() const noexcept { return true; }
};

/// All messages of a mailbox into `side`.
Task<> scan_into(store::Session* session, MailboxPath mailbox, Side* side);
Task<std::vector<plan::BodyDigestOf>> body_digests(store::Session& session, const MailboxPath& mailbox,
                                                   const UidSet& uids);

class SessionOrigin final : public Origin {
 public:
  explicit SessionOrigin(store::Session& session) : session_(session) {}
  Task<> scan(const MailboxPath& mailbox, Side& side) override { return scan_into(&session_, mailbox, &side); }
  Task<std::vector<plan::BodyDigestOf>> digests(const MailboxPath& mailbox, const UidSet& uids) override {
    return body_digests(session_, mailbox, uids);
  }
  Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) override {
    return session_.subjects(mailbox, uids);
  }

 private:
  store::Session& session_;
};

/// One mailbox of a manifest at a time.
class ManifestOrigin final : public Origin {
 public:
  void set(std::vector<ManifestEntry> entries);
  Task<> scan(const MailboxPath& mailbox, Side& side) override;
  Task<std::vector<plan::BodyDigestOf>> digests(const MailboxPath& mailbox, const UidSet& uids) override;
  Task<std::map<Uid, std::string>> subjects(const MailboxPath& mailbox, const UidSet& uids) override;
  [[nodiscard]] plan::SizeEvidence sizes() const noexcept override { return plan::SizeEvidence::ignore; }
  [[nodiscard]] bool has_current_flags() const noexcept override { return false; }

 private:
  std::vector<ManifestEntry> entries_;  // by UID
};

}  // namespace mailferry::services
