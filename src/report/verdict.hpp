// Whether a bridge is well, as one word with its reasons: for /healthz, /readyz and `mailferry status --check`.
#pragma once

#include "report/bridge_status.hpp"

#include <string>
#include <vector>

namespace mailferry::report {

enum class Verdict {
  starting,  // not every account was looked at yet, nothing is known to be wrong
  healthy,
  degraded,  // some source fails, wholly or in some of its mailboxes; the others are carried
  failing,   // nothing can be carried: the destination or every source fails
};

struct Judgement {
  Verdict verdict = Verdict::starting;
  std::vector<std::string> reasons;  // one sentence for each account that fails, wholly or in part
};

[[nodiscard]] Judgement judge(const BridgeStatus& status);
[[nodiscard]] const char* to_word(Verdict verdict) noexcept;

}  // namespace mailferry::report
