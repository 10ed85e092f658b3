// What each account of a bridge moves in a day, over restarts. Sources of one account share it.
#pragma once

#include "config/account.hpp"
#include "state/journal.hpp"
#include "sync/carry/quota_gate.hpp"

#include <map>
#include <string>

namespace mailferry::services {

class AccountQuotas {
 public:
  /// The journal must outlive it; the notes belong to `pair`.
  AccountQuotas(asio::io_context& io, state::Journal& journal, state::PairId pair)
      : io_(io), journal_(journal), pair_(pair) {}

  /// The gate of an account, with what is on record of it; `identity` is its key in the state.
  Result<sync::QuotaGate*> gate_of(const config::Account& account, const std::string& identity);
  /// Reads what is on record into a gate that is kept elsewhere.
  Result<> restore(const config::Account& account, const std::string& identity, sync::QuotaGate& gate);
  /// Adds the notes of all gates.
  void save(state::Batch& batch);

 private:
  asio::io_context& io_;
  state::Journal& journal_;
  state::PairId pair_;
  std::map<std::string, sync::QuotaGate> own_;     // by account
  std::map<std::string, sync::QuotaGate*> gates_;  // all, by the key of their notes
};

}  // namespace mailferry::services
