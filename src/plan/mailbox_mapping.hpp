// Which mailbox of the source goes to which of the destination, and why; and what must be created for that. Pure.
#pragma once

#include "base/result.hpp"
#include "mail/mailbox_path.hpp"
#include "plan/mailbox_naming.hpp"
#include "plan/mailbox_pattern.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mailferry::plan {

/// A mailbox as one side lists it; paths are without the prefix of the personal namespace.
struct KnownMailbox {
  MailboxPath path{};
  SpecialUse use = SpecialUse::none;
  bool selectable = true;
  bool subscribed = false;
  std::uint64_t messages = 0;
  /// Of another user, or shared by several.
  bool foreign = false;
};

/// Why a mailbox goes where it goes.
enum class RouteReason { mapped, inbox, special_use, same_name, altered_name, earlier_run };
[[nodiscard]] std::string_view to_string(RouteReason reason) noexcept;

struct Route {
  MailboxPath source{};
  MailboxPath destination{};
  RouteReason reason = RouteReason::same_name;
  /// The reason in words, for --explain.
  std::string explanation{};
  /// It is there and can be selected.
  bool destination_exists = false;
  std::uint64_t messages = 0;
};

/// Why a mailbox of the source is not copied.
enum class SkipReason { excluded, not_included, not_selectable, belongs_to_others };
[[nodiscard]] std::string_view to_string(SkipReason reason) noexcept;

struct SkippedMailbox {
  MailboxPath path{};
  SkipReason reason = SkipReason::excluded;
  std::string explanation{};
  std::uint64_t messages = 0;
};

/// What must be done to a mailbox of the destination before mail goes there.
struct Preparation {
  MailboxPath mailbox{};
  /// To be given to a new mailbox, where the destination can do that.
  SpecialUse use = SpecialUse::none;
  bool create = false;
  bool subscribe = false;
};

struct MailboxMapping {
  /// In the order of the source's list. Several routes share a destination only where --map says so.
  std::vector<Route> routes;
  std::vector<SkippedMailbox> skipped;
  /// Parents before children; only mailboxes that routes go to. A server makes missing parents itself (RFC 9051
  /// §6.3.4).
  std::vector<Preparation> preparations;
  /// Options that name no mailbox of the source: "--mailbox Importnat". An --exclude of a special use may.
  std::vector<std::string> unmatched;
};

/// Where an earlier run brought mail of a mailbox, and it is still there.
struct Home {
  MailboxPath source{};
  MailboxPath destination{};
};

/// The rules, in order: --exclude and --mailbox, mailboxes that cannot hold mail, those of others (which only --mailbox
/// includes), --map, where the mail of earlier runs is, INBOX, special use, name.
/// Special use: attributes (RFC 6154) on both sides; where only one side has the attribute, a well-known name on the
/// other ("Sent" to the one marked \Sent), unless that would split or join mailboxes of the same name.
/// Two sources on one destination are an error of kind usage that names them, unless a --map without wildcards in its
/// target sends all but one of them there, or earlier runs did. So is a destination that belongs to others, unless
/// --map says so, because others would read the mail there; and so are --mailbox options of which none matches
/// anything, and --exclude options that leave nothing. `homes`, oldest first: of several of a mailbox the one counts
/// where it would go without them, else the last. A mailbox without one goes by its name beside those of others.
[[nodiscard]] Result<MailboxMapping> map_mailboxes(std::span<const KnownMailbox> source,
                                                   std::span<const KnownMailbox> destination,
                                                   const NamingLimits& destination_limits, const MappingRules& rules,
                                                   std::span<const Home> homes = {});

}  // namespace mailferry::plan
