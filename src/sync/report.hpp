// What a run planned, did and could not do; filled by the engine, told by the cli.
#pragma once

#include "base/result.hpp"
#include "mail/mailbox_path.hpp"
#include "mail/uid.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mailferry::sync {

/// One message that was not copied.
struct Failure {
  MailboxPath mailbox;  // on the source
  Uid uid = 0;
  std::string subject;  // raw header value; empty when it could not be read
  std::string reason;
  std::string remedy;
};

/// Counts of messages unless said otherwise. planned = copied + failed + gone when a run finished its work.
struct MailboxReport {
  MailboxPath source;
  MailboxPath destination;
  std::string reason;  // why this destination, why this work; for --explain
  bool created = false;
  std::uint64_t on_source = 0;
  std::uint64_t planned = 0;
  std::uint64_t copied = 0;
  std::uint64_t copied_octets = 0;
  std::uint64_t present = 0;    // there already: delivered earlier or found by identity
  std::uint64_t recovered = 0;  // were in doubt and found on the destination
  std::uint64_t gone = 0;       // left the source while the run was under way
  std::uint64_t failed = 0;
  std::uint64_t unlisted = 0;  // the source counts them and does not list them
  std::uint64_t flags_planned = 0;
  std::uint64_t flags_updated = 0;
  std::optional<std::uint64_t> planned_octets;  // absent when the source does not tell sizes cheaply
  std::optional<Error> error;                   // the mailbox could not be worked on (further)

  [[nodiscard]] std::uint64_t unfinished() const noexcept {
    const auto settled = copied + failed + gone + recovered;
    return planned > settled ? planned - settled : 0;
  }
  [[nodiscard]] bool complete() const noexcept { return !error && failed + unlisted + unfinished() == 0; }
};

/// A source mailbox that is left alone, and why.
struct SkippedMailbox {
  MailboxPath mailbox;
  std::string reason;
  bool of_others = false;  // nobody asked for that: people are told
};

struct Report {
  std::deque<MailboxReport> mailboxes;  // addresses stay valid
  std::vector<SkippedMailbox> skipped;
  std::uint64_t unreadable_mailboxes = 0;  // the source told them in a form that cannot be read
  std::vector<Failure> failures;
  std::vector<std::string> warnings;
  std::uint64_t source_commands = 0;
  std::uint64_t destination_commands = 0;
  unsigned connections = 0;  // pairs of connections used at most
  std::chrono::steady_clock::duration elapsed{};
  bool interrupted = false;
  std::optional<Error> error;  // what ended the run early

  [[nodiscard]] std::uint64_t sum(std::uint64_t MailboxReport::*count) const {
    std::uint64_t total = 0;
    for (const auto& mailbox : mailboxes)
      total += mailbox.*count;
    return total;
  }
  [[nodiscard]] bool complete() const;
};

}  // namespace mailferry::sync
