// A status source that says what a test wants, and remembers what it was asked to do.
#pragma once

#include "web/status_service.hpp"

#include <string>
#include <vector>

namespace mailferry::web {

inline report::WallTime second(std::int64_t count) {
  return report::WallTime(std::chrono::seconds(count));
}

inline report::BridgeStatus sample_status() {
  report::BridgeStatus status;
  status.version = "1.2.3";
  status.started = second(1'763'700'000);
  status.accounts.push_back({.account = "archive@gmail.example:993",
                             .is_destination = true,
                             .health = report::Health::waiting,
                             .watching = "",
                             .last_error = "",
                             .last_success = second(1'763'759'000),
                             .connections = 3,
                             .quota = {.down = 10, .up = 400'000'000, .up_limit = 500'000'000}});
  status.accounts.push_back({.account = "alice@mail.example.org:993",
                             .health = report::Health::waiting,
                             .watching = "IDLE",
                             .last_success = second(1'763'759'400),
                             .last_delivery = second(1'763'759'000),
                             .delivered = 1'234,
                             .delivered_octets = 56'789'012,
                             .duplicates = 2,
                             .queued = 7,
                             .connections = 1});
  status.accounts.push_back({.account = "<script>alert(1)</script>@b.example:993",
                             .health = report::Health::failing,
                             .watching = "polling",
                             .last_error = "the server refused the password",
                             .last_error_at = second(1'763'759'300),
                             .reconnects = 4});
  status.parked.push_back({.account = "alice@mail.example.org:993",
                           .mailbox = "INBOX",
                           .destination = "Archive/2026",
                           .uid = 42,
                           .reason = "the message is larger than the destination takes <b>35 MB</b>",
                           .remedy = "remove it from the source, or clear it",
                           .attempts = 5,
                           .since = second(1'763'700'100)});
  status.journal_commits = 12;
  status.journal_octets = 34'567;
  return status;
}

class MadeUpBridge final : public StatusSource {
 public:
  report::BridgeStatus status() override { return said; }
  Task<std::size_t> retry() override {
    ++retries;
    co_return said.parked.size();
  }
  Task<std::size_t> clear(std::vector<report::ParkedStatus> parked) override {
    for (const auto& message : parked)
      cleared.push_back(message.mailbox + ":" + std::to_string(message.uid));
    co_return parked.size();
  }

  report::BridgeStatus said = sample_status();
  int retries = 0;
  std::vector<std::string> cleared;
};

}  // namespace mailferry::web
