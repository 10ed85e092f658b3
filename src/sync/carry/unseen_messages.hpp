// Messages that a server announced, or listed before, and does not list: some list them a moment later.
#pragma once

#include "mail/uid_set.hpp"

#include <chrono>
#include <utility>

namespace mailferry::sync {

class UnseenMessages {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  /// What a look after so long does not find either is gone.
  static constexpr std::chrono::seconds kSecondLook{60};

  /// A look for `looked_at`, with all that is awaited among it.
  void look(UidSet looked_at, const UidSet& found, SteadyTime now) {
    for (auto* uids : {&awaited_, &later_, &looked_at})
      uids->remove(found);
    if (awaited_.empty() || now >= since_ + kSecondLook) {
      looked_at.remove(awaited_);
      awaited_ = std::exchange(later_, {});
      since_ = now;
    }
    for (const auto* known : {&awaited_, &later_})
      looked_at.remove(*known);
    (awaited_.empty() ? awaited_ : later_).add(looked_at);
  }
  /// Takes out what may still come.
  void spare(UidSet& gone) const {
    gone.remove(awaited_);
    gone.remove(later_);
  }
  /// When to look again; max: nothing is awaited.
  [[nodiscard]] SteadyTime due() const { return awaited_.empty() ? SteadyTime::max() : since_ + kSecondLook; }

 private:
  UidSet awaited_;
  UidSet later_;  // missed since
  SteadyTime since_{};
};

}  // namespace mailferry::sync
