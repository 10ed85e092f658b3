#include "services/bridge_state.hpp"

namespace mailferry::services {

report::Health to_health(sync::CarrierState::Phase phase) {
  switch (phase) {
    case sync::CarrierState::Phase::starting:
      return report::Health::starting;
    case sync::CarrierState::Phase::working:
      return report::Health::working;
    case sync::CarrierState::Phase::waiting:
      return report::Health::waiting;
    case sync::CarrierState::Phase::failing:
      return report::Health::failing;
  }
  return report::Health::starting;
}

void add_quota_status(sync::QuotaGate& gate, report::QuotaStatus& status) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  status.down = gate.ledger().used(plan::Direction::down, now);
  status.up = gate.ledger().used(plan::Direction::up, now);
  status.down_limit = gate.ledger().limits().down;
  status.up_limit = gate.ledger().limits().up;
  status.resumes_at = gate.waits_until();
}

void add_parked(sync::Carrier& carrier, std::vector<report::ParkedStatus>& parked) {
  for (auto& mailbox : carrier.mailboxes()) {
    for (const auto& route : mailbox.routes()) {
      for (const auto& [uid, message] : route.parked) {
        auto& status = parked.emplace_back();
        status.account = carrier.name();
        status.mailbox = mailbox.path().to_string();
        status.destination = route.to->path().to_string();
        status.uid = uid;
        status.reason = message.reason;
        status.remedy = message.remedy;
        status.attempts = message.attempts;
        if (message.since != 0) status.since = report::WallTime(std::chrono::seconds(message.since));
      }
    }
  }
}

}  // namespace mailferry::services
