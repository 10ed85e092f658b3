// Verifies one mailbox: what of its messages is on the destination, and what differs.
#pragma once

#include "services/manifest.hpp"
#include "services/verify.hpp"
#include "services/verify_origin.hpp"
#include "store/store.hpp"

#include <boost/asio/io_context.hpp>

#include <map>

namespace mailferry::services {

/// What all mailboxes of a verification share.
struct VerifyContext {
  asio::io_context& io;
  Origin& origin;
  store::Session& destination;
  VerifyReport& report;
  bool deep = false;
  ManifestWriter* manifest = nullptr;
  /// What belongs to mailboxes that were verified before, by destination: several may go into one.
  std::map<MailboxPath, UidSet> taken{};

  void add(Finding finding);
};

class MailboxCheck {
 public:
  /// `exists`: the destination is known to have the mailbox.
  MailboxCheck(VerifyContext& context, MailboxPath source, MailboxPath destination, bool exists);
  Task<> run();

 private:
  using Digests = std::map<Uid, Digest>;

  void count_extra();
  Task<> look();
  Task<> settle_unsure();
  Task<> resolve_unsure();
  [[nodiscard]] plan::Likeness alike() const;
  Task<> report_missing();
  void compare(const plan::MatchedPair& match);
  Task<> compare_contents();
  [[nodiscard]] Result<> compare_content(const plan::MatchedPair& match);
  void add(Difference kind, const plan::MatchedPair& match, std::string detail);

  VerifyContext& context_;
  VerifyReport::Mailbox& result_;
  bool exists_;
  UidSet none_;
  Side source_;
  Side destination_;
  plan::MessageMatching matching_;
  Digests from_;  // what was read, where contents are wanted
  Digests to_;
};

}  // namespace mailferry::services
