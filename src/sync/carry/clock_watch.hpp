// Notices that the machine slept or that its clock was set: then connections may be dead without a word, and what was
// to happen at an hour is due at another time. Pure but for the reading of the clocks.
#pragma once

#include <chrono>
#include <optional>

namespace mailferry::sync {

class ClockWatch {
 public:
  using WallTime = std::chrono::system_clock::time_point;
  using SteadyTime = std::chrono::steady_clock::time_point;
  /// Smaller differences are those of a clock that is being disciplined.
  static constexpr std::chrono::seconds kJump{10};
  /// How often it is meant to be asked.
  static constexpr std::chrono::seconds kTick{15};

  /// Whether the clock of the wall went another way than the steady one (which rests while the machine sleeps) since
  /// the last call.
  [[nodiscard]] bool has_jumped(WallTime wall, SteadyTime steady) {
    const auto last = last_;
    last_ = {wall, steady};
    if (!last) return false;
    const auto difference = (wall - last->wall) - (steady - last->steady);
    return difference > kJump || difference < -kJump;
  }

 private:
  struct Moment {
    WallTime wall;
    SteadyTime steady;
  };
  std::optional<Moment> last_{};
};

}  // namespace mailferry::sync
