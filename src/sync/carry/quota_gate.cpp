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

Result<std::chrono::milliseconds> QuotaGate::delay(plan::Direction direction, std::uint64_t octets) {
  const auto wait = ledger_.delay(direction, octets, now());
  if (!wait)
    return fail(ErrorKind::quota, Scope::message,
                fmt::format("the message has {} octets, more than the account may move in a day", octets),
                "raise daily_download or daily_upload of the account");
  waits_until_ = wait->count() == 0 ? std::nullopt : std::optional(now() + *wait);
  return *wait;
}

void QuotaGate::record(plan::Direction direction, std::uint64_t octets) {
  ledger_.record(direction, octets, now());
}

Task<> QuotaGate::wait(std::chrono::milliseconds pause) {
  co_await async::sleep_for(std::min(pause, kLongestWait), woken_);
  co_return Result<>{};
}

std::optional<plan::QuotaTime> QuotaGate::waits_until() const noexcept {
  return waits_until_ && *waits_until_ > now() ? waits_until_ : std::nullopt;
}

void QuotaGate::heed(const std::string& text) {
  if (const auto pause = read_server_pause(text)) ledger_.hold(*pause, now());
}

}  // namespace mailferry::sync
