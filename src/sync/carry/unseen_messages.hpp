// Messages that a server announced and did not list: some list them a moment later.
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

  /// A look for all that is awaited, and for `news`, which nobody had looked for before.
  void look(UidSet news, const UidSet& found, SteadyTime now) {
    awaited_.remove(found);
    later_.remove(found);
    if (awaited_.empty() || now >= since_ + kSecondLook) {
      awaited_ = std::exchange(later_, {});
      since_ = now;
    }
    news.remove(found);
    (awaited_.empty() ? awaited_ : later_).add(news);
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
  UidSet later_;  // announced since
  SteadyTime since_{};
};

}  // namespace mailferry::sync
