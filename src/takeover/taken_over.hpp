// What the state of a replaced tool tells of mail that has been delivered already. Plain data.
#pragma once

#include "mail/uid.hpp"
#include "takeover/any_config.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::takeover {

/// A mailbox of a source, in the words of config::Bridge.
struct Place {
  std::string account;  // as BridgeSource::account
  std::string mailbox;  // as BridgeMapping::from
  auto operator<=>(const Place&) const = default;
};

struct TakenOver {
  ConfigForm tool = ConfigForm::imap_bridge;

  /// Up to this UID all was delivered to every destination that was mapped then, save what `failures` names. The tool
  /// knew no UIDVALIDITY: a mailbox whose UIDNEXT is not above it is not the one that is meant.
  struct Offset {
    Place place;
    Uid last_uid = 0;
    bool operator==(const Offset&) const = default;
  };
  std::vector<Offset> offsets;

  /// A message with this Message-ID was brought to that mailbox, whichever source it came from.
  struct Delivered {
    std::string message_id;   // with its angle brackets, as in the header
    std::string destination;  // as BridgeMapping::to
    bool operator==(const Delivered&) const = default;
  };
  std::vector<Delivered> delivered;

  /// The same of a message without Message-ID.
  struct DeliveredUid {
    Place place;
    Uid uid = 0;
    std::string destination;
    bool operator==(const DeliveredUid&) const = default;
  };
  std::vector<DeliveredUid> delivered_uids;

  /// Not delivered to all its destinations, whatever `offsets` says.
  struct Failure {
    Place place;
    Uid uid = 0;
    std::string message_id;
    std::string reason;
    int attempts = 0;
    /// When the tool gave it up; absent: it was still trying, or would have tried again.
    std::optional<std::chrono::sys_seconds> given_up{};
    bool operator==(const Failure&) const = default;
  };
  std::vector<Failure> failures;

  /// imap-to-gmail-sync: when it was last at work. What arrived before and is not among `delivered` may be missing, as
  /// its other marks advance over failures.
  std::optional<std::chrono::sys_seconds> last_sync{};

  /// What could not be used, one sentence each.
  std::vector<std::string> notes;
};

}  // namespace mailferry::takeover
