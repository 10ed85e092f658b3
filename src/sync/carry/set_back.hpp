// Notices that a server counts the UIDs of a mailbox from an earlier point again, under the same UIDVALIDITY: the
// mailbox was restored from a copy, and new mail gets UIDs that are on record as settled. Pure.
#pragma once

#include "mail/uid.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mailferry::sync {

class SetBack {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  /// A server that lags behind another of the same mail is not set back: it is looked at again.
  static constexpr std::chrono::seconds kSecondLook{20};
  /// A server that lists what its UIDNEXT denies is not believed any more after so many times.
  static constexpr int kMostLies = 2;

  /// A look found this UIDNEXT (0: the server does not tell) where all below `known` was seen before, and listed
  /// messages up to `listed` (0: none). The lowest UID that may stand for another message now; 0: none.
  [[nodiscard]] Uid look(Uid uid_next, Uid known, Uid listed, SteadyTime now) {
    if (std::exchange(has_forgotten_, false) && uid_next != 0 && listed >= uid_next) ++lies_;
    if (uid_next == 0 || uid_next >= known || lies_ >= kMostLies) {
      lowest_ = 0;
      return 0;
    }
    if (lowest_ == 0) since_ = now;
    lowest_ = lowest_ == 0 ? uid_next : std::min(lowest_, uid_next);
    if (now < since_ + kSecondLook) return 0;
    has_forgotten_ = true;
    return std::exchange(lowest_, 0);
  }
  /// Nothing at or above this may be removed from the source; 0: all is as it was.
  [[nodiscard]] Uid doubtful_from() const noexcept { return lowest_; }
  /// When to look again; max: nothing is awaited.
  [[nodiscard]] SteadyTime due() const noexcept { return lowest_ == 0 ? SteadyTime::max() : since_ + kSecondLook; }

 private:
  Uid lowest_ = 0;
  SteadyTime since_{};
  bool has_forgotten_ = false;  // at the last look
  int lies_ = 0;
};

}  // namespace mailferry::sync
