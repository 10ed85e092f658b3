#include "services/bridge_state.hpp"

#include "plan/quota_ledger.hpp"

#include <algorithm>

namespace mailferry::services {
namespace {

/// To be read through this gate, or, without one, to be brought to the destination.
std::uint64_t open_octets(std::deque<sync::Carrier>& carriers, const sync::QuotaGate* gate) {
  const auto direction = gate != nullptr ? plan::Direction::down : plan::Direction::up;
  std::uint64_t octets = 0;
  for (auto& carrier : carriers) {
    if (gate != nullptr && &carrier.download() != gate) continue;
    for (const auto& mailbox : carrier.mailboxes())
      octets += mailbox.open_octets(direction);
  }
  return octets;
}

void add_forecast(sync::QuotaGate& gate, plan::Direction direction, std::uint64_t octets, report::QuotaStatus& status) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  if (octets == 0) return;
  const auto done = gate.ledger().forecast(direction, octets, now);
  if (done > now) status.done_at = done;
}

report::Health to_health(sync::CarrierState::Phase phase) {
  switch (phase) {
    case sync::CarrierState::Phase::starting:
      return report::Health::starting;
    case sync::CarrierState::Phase::working:
      return report::Health::working;
    case sync::CarrierState::Phase::waiting:
      return report::Health::waiting;
    case sync::CarrierState::Phase::degraded:
      return report::Health::degraded;
    case sync::CarrierState::Phase::failing:
      return report::Health::failing;
  }
  return report::Health::starting;
}

/// Of an account that is several sources: as long as one of them works, mail is carried.
report::Health together(report::Health one, report::Health other) {
  using report::Health;
  if ((one == Health::failing) != (other == Health::failing)) return Health::degraded;
  for (const auto health : {Health::failing, Health::degraded, Health::starting, Health::working}) {
    if (one == health || other == health) return health;
  }
  return Health::waiting;
}

}  // namespace

void add_carrier(sync::Carrier& carrier, std::optional<report::Health>& health, report::AccountStatus& status) {
  const auto& state = carrier.state();
  const auto own = to_health(state.phase);
  health = health ? together(*health, own) : own;
  status.health = *health;
  if (status.watching.empty()) status.watching = state.watching;
  status.last_success = std::max(status.last_success, state.last_success);
  status.reconnects += state.reconnects;
  status.connections += state.connections;
  for (const auto& mailbox : carrier.mailboxes())
    status.queued += mailbox.open_messages();
  add_quota_status(carrier.download(), status.quota);
}

void add_quota_status(sync::QuotaGate& gate, report::QuotaStatus& status) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  status.down = gate.ledger().used(plan::Direction::down, now);
  status.up = gate.ledger().used(plan::Direction::up, now);
  status.down_limit = gate.ledger().limits().down;
  status.up_limit = gate.ledger().limits().up;
  status.resumes_at = gate.waits_until();
}

void add_forecasts(std::deque<sync::Carrier>& carriers, sync::QuotaGate& upload,
                   std::vector<report::AccountStatus>& accounts) {
  add_forecast(upload, plan::Direction::up, open_octets(carriers, nullptr), accounts.front().quota);
  for (auto& carrier : carriers) {
    const auto account =
        std::ranges::find(accounts.begin() + 1, accounts.end(), carrier.name(), &report::AccountStatus::account);
    if (account == accounts.end()) continue;
    auto& gate = carrier.download();
    add_forecast(gate, plan::Direction::down, open_octets(carriers, &gate), account->quota);
  }
}

void add_parked(sync::Carrier& carrier, std::vector<report::ParkedStatus>& parked) {
  for (auto& mailbox : carrier.mailboxes()) {
    for (const auto& [to, message] : mailbox.parked()) {
      auto& status = parked.emplace_back();
      status.account = carrier.name();
      status.mailbox = mailbox.path().to_string();
      status.destination = to.to_string();
      status.uid = message.source;
      status.reason = message.reason;
      status.remedy = message.remedy;
      status.attempts = message.attempts;
      if (message.since != 0) status.since = report::WallTime(std::chrono::seconds(message.since));
    }
  }
}

}  // namespace mailferry::services
