// Which messages of a source mailbox are already in the destination mailbox. Mailboxes are multisets: two equal
// messages on the source need two on the destination. What is not sure is never taken for there. Pure.
#pragma once

#include "mail/message_identity.hpp"
#include "mail/uid.hpp"
#include "mail/uid_set.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mailferry::plan {

/// The messages of one mailbox as they are matched: 24 octets each.
class IdentityList {
 public:
  struct Entry {
    Digest digest;
    Uid uid;
    std::uint32_t octets : 31;
    std::uint32_t weak : 1;
  };
  static_assert(sizeof(Entry) == 24);

  void reserve(std::size_t messages) { entries_.reserve(messages); }
  /// `octets` as the server tells them; zero when it does not, which is a size like any other.
  void add(Uid uid, const MessageIdentity& identity, std::uint64_t octets);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::vector<Entry>& entries() noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

struct MatchedPair {
  Uid source = 0;
  Uid destination = 0;
  auto operator<=>(const MatchedPair&) const = default;
};

/// A message that only its body can tell apart; messages of one group, on both sides, have the same identity.
struct UnsureMessage {
  Uid uid = 0;
  std::uint32_t group = 0;
};

struct MessageMatching {
  /// The same message on both sides, in the order of source UIDs.
  std::vector<MatchedPair> matched;
  /// On the source only: to be copied.
  UidSet missing;
  /// On the destination only.
  UidSet extra;
  /// In the order of groups; for resolve().
  std::vector<UnsureMessage> unsure_source;
  std::vector<UnsureMessage> unsure_destination;

  [[nodiscard]] bool is_sure() const noexcept { return unsure_source.empty(); }
  /// Whose body digests resolve() needs.
  [[nodiscard]] UidSet unsure_source_uids() const;
  [[nodiscard]] UidSet unsure_destination_uids() const;
};

/// Whether sizes are evidence. Some servers count line ends differently or guess.
enum class SizeEvidence { compare, ignore };

/// What tells equal messages apart that nothing else does, such as their flags: of equal messages those with the same
/// value belong together rather than others, then those where `source_else` has the value of the destination. Asked
/// only for such messages. Empty: nothing does.
struct Likeness {
  std::function<std::uint32_t(Uid)> source{};
  std::function<std::uint32_t(Uid)> source_else{};
  std::function<std::uint32_t(Uid)> destination{};
};

/// Identities that messages with other contents may have as well, whatever their sizes. Empty: none is known.
using Ambiguous = std::function<bool(const Digest&)>;

/// First stage. Messages with one identity are matched when both sides have the same number of them with the same
/// sizes, the identity is neither weak nor ambiguous, and no two have one size; otherwise they are unsure. What has no
/// counterpart at all is missing or extra. Takes up to 16 octets a message besides the lists, and gives the memory of
/// these back.
[[nodiscard]] MessageMatching match_messages(IdentityList source, IdentityList destination,
                                             SizeEvidence sizes = SizeEvidence::compare,
                                             const Ambiguous& ambiguous = {});

struct BodyDigestOf {
  Uid uid = 0;
  Digest digest{};
};

/// Second stage: within each unsure group, equal body digests are matched one to one, those that are alike first and in
/// the order of UIDs. A message of the source whose digest is not given is missing: copying it twice is better than not
/// at all.
void resolve(MessageMatching& matching, std::vector<BodyDigestOf> source, std::vector<BodyDigestOf> destination,
             const Likeness& likeness = {});

struct DatedMessage {
  Uid uid = 0;
  std::int64_t seconds = 0;  // of its INTERNALDATE
};

/// What may be the same though headers say that it is not: servers read broken headers differently.
struct Lookalikes {
  UidSet source;
  UidSet destination;
};

/// Those of the missing and the extra messages that have nearly one size. `source`, `destination`: the octets of a
/// message.
[[nodiscard]] Lookalikes find_lookalikes(const MessageMatching& matching,
                                         const std::function<std::uint64_t(Uid)>& source,
                                         const std::function<std::uint64_t(Uid)>& destination);

/// Third stage, after resolve(): of these missing and extra messages, with their dates, those that have one date on
/// both sides become unsure, whatever their headers say, to be resolved once more.
void doubt_lookalikes(MessageMatching& matching, std::vector<DatedMessage> source,
                      std::vector<DatedMessage> destination);

}  // namespace mailferry::plan
