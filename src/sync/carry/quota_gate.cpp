#include "sync/carry/quota_gate.hpp"

#include "mail/server_pause.hpp"

namespace mailferry::sync {
namespace {

/// Others move meanwhile, and clocks are set: it is asked again at least this often.
constexpr std::chrono::milliseconds kLongestWait{60'000};

plan::QuotaTime now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

Task<> QuotaGate::pass(plan::Direction direction, std::uint64_t octets) {
  while (!stopping_) {
    const auto wait = ledger_.delay(direction, octets, now());
    if (!wait)
      co_return fail(ErrorKind::quota, Scope::message,
                     fmt::format("the message has {} octets, more than the account may move in a day", octets),
                     "raise daily_download or daily_upload of the account");
    if (wait->count() == 0) {
      waits_until_.reset();
      ledger_.record(direction, octets, now());
      co_return Result<>{};
    }
    waits_until_ = now() + *wait;
    co_await async::sleep_for(std::min(*wait, kLongestWait), woken_);
  }
  co_return fail(ErrorKind::cancelled, Scope::run, "stopping");
}

void QuotaGate::heed(const std::string& text) {
  if (const auto pause = read_server_pause(text)) ledger_.hold(*pause, now());
}

}  // namespace mailferry::sync
