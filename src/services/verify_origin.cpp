#include "services/verify_origin.hpp"

#include <algorithm>

namespace mailferry::services {

Task<> scan_into(store::Session* session, MailboxPath mailbox, Side* side) {
  const std::vector<store::ScanRequest> requests{
      {.mailbox = std::move(mailbox),
       .uid_validity = 0,
       .uids = {},
       .from = 1,
       .changed_since = 0,
       .detail = {.flags = true, .octets = true, .date = true, .identity = true}}};
  const std::vector<store::MetaSink*> sinks{side};
  CO_TRY(auto results, co_await session->scan(requests, sinks));
  if (!results.front()) co_return std::unexpected(results.front().error());
  side->set_unlisted(results.front()->unlisted);
  side->sort();
  co_return Result<>{};
}

Task<std::vector<plan::BodyDigestOf>> body_digests(store::Session& session, const MailboxPath& mailbox,
                                                   const UidSet& uids) {
  std::vector<plan::BodyDigestOf> list;
  if (uids.empty()) co_return list;
  CO_TRY(const auto found, co_await session.body_digests(mailbox, uids));
  for (const auto& [uid, digest] : found)
    list.push_back({uid, digest});
  co_return list;
}

void ManifestOrigin::set(std::vector<ManifestEntry> entries) {
  entries_ = std::move(entries);
  std::ranges::sort(entries_, {}, &ManifestEntry::source_uid);
}

Task<> ManifestOrigin::scan(const MailboxPath& /*mailbox*/, Side& side) {
  for (const auto& entry : entries_) {
    store::MessageMeta meta{.uid = entry.source_uid,
                            .flags = entry.flags,
                            .octets = 0,
                            .date = {.seconds = entry.seconds},
                            .identity = entry.identity};
    side.message(std::move(meta));
  }
  side.sort();
  co_return Result<>{};
}

Task<std::vector<plan::BodyDigestOf>> ManifestOrigin::digests(const MailboxPath& /*mailbox*/, const UidSet& uids) {
  std::vector<plan::BodyDigestOf> list;
  for (const auto& entry : entries_) {
    if (uids.contains(entry.source_uid)) list.push_back({entry.source_uid, entry.content});
  }
  co_return list;
}

Task<std::map<Uid, std::string>> ManifestOrigin::subjects(const MailboxPath& /*mailbox*/, const UidSet& /*uids*/) {
  co_return std::map<Uid, std::string>{};
}

}  // namespace mailferry::services
