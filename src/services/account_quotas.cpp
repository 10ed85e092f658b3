#include "services/account_quotas.hpp"

#include "services/bridge_settings.hpp"
#include "services/quota_note.hpp"
#include "state/account_key.hpp"

#include <algorithm>

namespace mailferry::services {
namespace {

/// 0: no limit.
std::uint64_t smaller(std::uint64_t left, std::uint64_t right) {
  return left == 0 || right == 0 ? std::max(left, right) : std::min(left, right);
}

/// An account that has several names keeps the limits of all of them.
void tighten(plan::QuotaLedger& ledger, const plan::QuotaLimits& limits) {
  auto both = ledger.limits();
  both.down = smaller(both.down, limits.down);
  both.up = smaller(both.up, limits.up);
  ledger.set_limits(both);
}

}  // namespace

Result<sync::QuotaGate*> AccountQuotas::gate_of(const config::Account& account, const std::string& identity) {
  const auto [gate, is_new] = own_.try_emplace(state::server_key(identity), io_);
  if (is_new) {
    CHECK_OK(restore(account, identity, gate->second));
  } else {
    tighten(gate->second.ledger(), to_quota_limits(account));
  }
  return &gate->second;
}

Result<> AccountQuotas::restore(const config::Account& account, const std::string& identity, sync::QuotaGate& gate) {
  const auto limits = to_quota_limits(account);
  TRY(const auto note, read_quota_note(journal_, pair_, identity));
  auto ledger = note ? plan::QuotaLedger::parse(*note, limits) : Result<plan::QuotaLedger>(limits);
  gate.ledger() = ledger ? std::move(*ledger) : plan::QuotaLedger(limits);
  gates_.insert_or_assign(quota_note(identity), &gate);
  return {};
}

void AccountQuotas::save(state::Batch& batch) {
  for (auto& [note, gate] : gates_) {
    if (gate->is_limited()) batch.notes.emplace_back(note, gate->ledger().to_text());
  }
}

}  // namespace mailferry::services
