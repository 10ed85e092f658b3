#include "services/quota_note.hpp"

#include "state/account_key.hpp"

namespace mailferry::services {

std::string quota_note(const std::string& account) {
  return "quota:" + state::server_key(account);
}

Result<std::optional<std::string>> read_quota_note(state::Journal& journal, state::PairId pair,
                                                   const std::string& account) {
  const auto key = quota_note(account);
  TRY(auto note, journal.note(pair, key));
  if (note) return note;
  return journal.note(pair, state::twin_key(key));
}

}  // namespace mailferry::services
