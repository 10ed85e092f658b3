// Every scenario with every variant of servers: run, run again, killed at every operation, broken at every operation.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

using memory::Moment;
using memory::Operation;

/// Of both sides, before all else.
constexpr std::uint64_t kSignIns = 2;

/// A killed process leaves the accounts and the state file. Where they are the same at two operations, what follows is
/// the same too, so that one stands for both.
void expect_recovery(const Scenario& scenario, const Variant& variant, Commits commits) {
  Stage stage(scenario, variant);
  std::vector<Remains> remains;
  EXPECT_TRUE(stage.run({.commits = commits, .remains = &remains}).result);
  for (std::size_t index = 0; index < remains.size(); ++index) {
    SCOPED_TRACE(fmt::format("{}, commits {}, killed at difference {} of {}: {}", variant.name,
                             commits == Commits::in_the_end ? "in the end" : "at every operation", index,
                             remains.size(), ::testing::PrintToString(to_mail(remains[index].right))));
    stage.world().restore(remains[index]);
    stage.world().apply(scenario.after_crash);

    stage.expect_finish();
  }
}

/// A run is killed, and the run that recovers from that is killed too.
void expect_second_recovery(const Scenario& scenario, const Variant& variant) {
  Stage stage(scenario, variant);
  std::vector<Remains> first;
  EXPECT_TRUE(stage.run({.commits = Commits::at_every_operation, .remains = &first}).result);
  for (std::size_t index = 0; index < first.size(); ++index) {
    std::vector<Remains> second;
    stage.world().restore(first[index]);
    stage.world().apply(scenario.after_crash);
    EXPECT_TRUE(stage.run({.remains = &second}).result);
    for (std::size_t again = 1; again < second.size(); ++again) {
      SCOPED_TRACE(fmt::format("{}, killed at difference {} of {}, then at {} of {}: {}", variant.name, index,
                               first.size(), again, second.size(),
                               ::testing::PrintToString(to_mail(second[again].right))));
      stage.world().restore(second[again]);

      stage.expect_finish();
    }
  }
}

/// The engine connects again and goes on, in whatever phase; only the first sign-in may end the run.
void expect_survival(Stage& stage, std::uint64_t operation, Moment moment) {
  stage.reset();
  const auto broken = stage.run({.faults = {{.operation = operation, .moment = moment}}});
  if (operation < kSignIns && !broken.result) return stage.expect_finish();
  EXPECT_TRUE(broken.result) << broken.result.error().describe();
  EXPECT_TRUE(broken.report.complete());
  stage.expect_end();
}

/// From this operation on nothing gets through any more: whoever says that all is done has done it.
void expect_honest_end(Stage& stage, const RunOutcome& calm, std::uint64_t from) {
  stage.reset();
  RunPlan plan{.attempts = 2};
  for (auto operation = from; operation < from + 2 * calm.operations + 20; ++operation)
    plan.faults.push_back({.operation = operation});
  const auto broken = stage.run(plan);
  if (broken.result && broken.report.complete()) return stage.expect_end();
  stage.expect_finish();
}

bool has_effect(Operation operation) {
  return operation == Operation::prepare || operation == Operation::append || operation == Operation::change_flags;
}

class CopyScenario : public ::testing::TestWithParam<Scenario> {};
class CopyCrash : public ::testing::TestWithParam<Scenario> {};

TEST_P(CopyScenario, CopiesOnceAndThenNothingIsLeftToDo) {
  for (const auto& variant : variants()) {
    SCOPED_TRACE(variant.name);
    Stage stage(GetParam(), variant);

    stage.expect_finish();
  }
}

TEST_P(CopyScenario, RecoversAfterAConnectionBrokeAtAnyOperation) {
  for (const auto& variant : few_variants()) {
    Stage stage(GetParam(), variant);
    const auto calm = stage.run();
    for (std::uint64_t operation = 0; operation < calm.operations; ++operation) {
      SCOPED_TRACE(fmt::format("{}, connection lost at operation {}: {}", variant.name, operation,
                               memory::to_string(calm.log[operation])));
      expect_survival(stage, operation, Moment::before);
      if (has_effect(calm.log[operation])) expect_survival(stage, operation, Moment::after);
    }
  }
}

TEST_P(CopyScenario, EndsWithAnErrorWhenNoConnectionHoldsAnyMore) {
  for (const auto& variant : few_variants()) {
    Stage stage(GetParam(), variant);
    const auto calm = stage.run();
    for (std::uint64_t from = kSignIns; from < calm.operations; ++from) {
      SCOPED_TRACE(fmt::format("{}, from operation {} on: {}", variant.name, from, memory::to_string(calm.log[from])));
      expect_honest_end(stage, calm, from);
    }
  }
}

TEST_P(CopyCrash, RecoversAfterBeingKilledAtAnyOperation) {
  for (const auto& variant : variants())
    expect_recovery(GetParam(), variant, Commits::at_every_operation);
  for (const auto& variant : few_variants())
    expect_recovery(GetParam(), variant, Commits::in_the_end);
}

TEST_P(CopyCrash, RecoversAfterBeingKilledTwice) {
  expect_second_recovery(GetParam(), few_variants()[1]);
}

std::string name_of_row(const ::testing::TestParamInfo<Scenario>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(Table, CopyScenario, ::testing::ValuesIn(scenarios()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Table, CopyCrash, ::testing::ValuesIn(scenarios()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Changes, CopyCrash, ::testing::ValuesIn(crashes()), name_of_row);

/// As after an upgrade of both servers, or the reverse.
void expect_the_rest_is_copied(const Variant& before, const Variant& after) {
  SCOPED_TRACE(before.name + ", then " + after.name);
  CopyWorld world({{"INBOX", "a b:S c:SF d"}, {"Archive", "x:S"}}, {{"Archive", "y"}}, before.behaviour);
  EXPECT_TRUE(run_copy(world).report.complete());
  world.left().behaviour = world.right().behaviour = after.behaviour;
  world.apply({"left INBOX = a:S b c:SF", "left INBOX + e:S", "left Archive = x:SA"});

  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(to_mail(world.right().account), sorted({{"INBOX", "a:S b c:SF d e:S"}, {"Archive", "x:SA y"}}));
  EXPECT_TRUE(run_copy(world).nothing_to_do);
}

TEST(CopyServers, MayHaveLearnedOrUnlearnedAnythingSinceTheLastRun) {
  for (const auto& before : variants()) {
    for (const auto& after : variants()) {
      expect_the_rest_is_copied(before, after);
    }
  }
}

}  // namespace
}  // namespace mailferry::test
