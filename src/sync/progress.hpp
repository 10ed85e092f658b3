// What a run tells while it goes on. Read at any time on the network thread.
#pragma once

#include "mail/mailbox_path.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mailferry::sync {

struct Progress {
  std::uint64_t planned_messages = 0;
  std::optional<std::uint64_t> planned_octets;
  std::uint64_t settled_messages = 0;  // acknowledged by the destination, or failed
  std::uint64_t sent_octets = 0;       // handed to the destination so far
  std::uint64_t settled_octets = 0;
  std::string phase;    // "listing", "scanning", "copying", "updating flags" …
  MailboxPath mailbox;  // the last one worked on
  unsigned connections = 0;
};

}  // namespace mailferry::sync
