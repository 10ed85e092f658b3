#include "report/verdict.hpp"

#include <fmt/format.h>

namespace mailferry::report {
namespace {

struct Count {
  std::size_t all = 0;
  std::size_t failing = 0;
  std::size_t degraded = 0;
  std::size_t starting = 0;
};

void count(Count& side, const AccountStatus& account) {
  ++side.all;
  side.failing += account.health == Health::failing ? 1 : 0;
  side.degraded += account.health == Health::degraded ? 1 : 0;
  side.starting += account.health == Health::starting ? 1 : 0;
}

std::string reason_of(const AccountStatus& account) {
  const auto* role = account.is_destination ? "destination" : "source";
  const auto* word = account.health == Health::degraded ? "fails in part" : "fails";
  return fmt::format("{} {}: {}", role, account.account, account.last_error.empty() ? word : account.last_error);
}

Verdict verdict_of(const Count& destinations, const Count& sources) {
  if (destinations.failing > 0) return Verdict::failing;
  if (sources.all > 0 && sources.failing == sources.all) return Verdict::failing;
  if (destinations.all + sources.all == 0 || destinations.starting + sources.starting > 0) return Verdict::starting;
  return sources.failing + sources.degraded > 0 ? Verdict::degraded : Verdict::healthy;
}

}  // namespace

Judgement judge(const BridgeStatus& status) {
  Count destinations;
  Count sources;
  Judgement judgement;
  for (const auto& account : status.accounts) {
    count(account.is_destination ? destinations : sources, account);
    const bool fails = account.health == Health::failing || account.health == Health::degraded;
    if (fails) judgement.reasons.push_back(reason_of(account));
  }
  judgement.verdict = verdict_of(destinations, sources);
  return judgement;
}

const char* to_word(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::starting:
      return "starting";
    case Verdict::healthy:
      return "healthy";
    case Verdict::degraded:
      return "degraded";
    case Verdict::failing:
      return "failing";
  }
  return "";
}

}  // namespace mailferry::report
