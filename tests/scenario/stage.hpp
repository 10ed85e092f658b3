// A scenario with a variant of servers, ready for the run that is looked at; and what must be true afterwards.
#pragma once

#include "scenario/scenarios.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace mailferry::test {

class Stage {
 public:
  Stage(const Scenario& scenario, const Variant& variant)
      : scenario_(scenario),
        world_(scenario.left, scenario.right, variant.behaviour),
        expected_(without(sorted(scenario.expected), variant.unknown_letters)) {
    world_.apply(scenario.before);
    if (!scenario.changes.empty()) {
      EXPECT_TRUE(run().result);
    }
    world_.apply(scenario.changes);
    begin_ = world_.remains();
  }

  [[nodiscard]] CopyWorld& world() { return world_; }
  /// Back to where the run that is looked at begins.
  void reset() { world_.restore(begin_); }
  RunOutcome run(RunPlan plan = {}) {
    plan.map = scenario_.map;
    return run_copy(world_, plan);
  }
  /// A run that nothing disturbs: afterwards all is as it must be.
  void expect_finish() {
    const auto outcome = run();
    EXPECT_TRUE(outcome.result) << outcome.result.error().describe();
    EXPECT_TRUE(outcome.report.complete());
    expect_end();
  }
  /// All is as it must be, and a further run finds nothing to do.
  void expect_end() {
    EXPECT_EQ(to_mail(world_.right().account), expected_);
    expect_nothing_to_do();
  }
  void expect_nothing_to_do() {
    const auto right = world_.right().account;
    const auto again = run();
    EXPECT_TRUE(again.result) << again.result.error().describe();
    EXPECT_TRUE(again.nothing_to_do);
    EXPECT_EQ(to_mail(world_.right().account), to_mail(right)) << "by a further run";
    EXPECT_TRUE(world_.right().account == right) << "a further run changed something";
  }

 private:
  static Mail without(Mail mail, const std::string& letters) {
    for (auto& [mailbox, text] : mail) {
      std::vector<std::string> kept;
      for (const auto& each : words(text)) {
        auto [name, flags] = split_word(each);
        std::erase_if(flags, [&](char letter) { return letters.find(letter) != std::string::npos; });
        kept.push_back(word(name, flags));
      }
      std::ranges::sort(kept);
      text = fmt::format("{}", fmt::join(kept, " "));
    }
    return mail;
  }

  const Scenario& scenario_;
  CopyWorld world_;
  Mail expected_;
  Remains begin_;
};

}  // namespace mailferry::test
