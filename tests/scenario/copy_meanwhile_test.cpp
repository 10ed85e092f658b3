// What happens to the accounts while a run is under way, at each of its operations.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

using memory::Fault;

/// Something that happens during a run over a left and a right account, and what is right in the end: after the run
/// that follows.
struct Meanwhile {
  std::string name;
  std::string event;
  Mail expected;
  Mail or_else{};  // when the event came before the run looked
};

std::ostream& operator<<(std::ostream& stream, const Meanwhile& meanwhile) {
  return stream << meanwhile.name;
}

const Mail kLeft = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}};
const Mail kRight = {{"Archive", "y"}};

std::vector<Meanwhile> table() {
  return {
      {.name = "NewMailOnTheSource",
       .event = "left INBOX + e:S f",
       .expected = {{"INBOX", "a b:S c d:F e:S f"}, {"Archive", "x y"}}},
      {.name = "FlagsChangedOnTheSource",
       .event = "left INBOX = a:S b",
       .expected = {{"INBOX", "a:S b c d:F"}, {"Archive", "x y"}}},
      {.name = "DeletedOnTheSource",
       .event = "left INBOX - b",
       .expected = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}},
       .or_else = {{"INBOX", "a c d:F"}, {"Archive", "x y"}}},
      {.name = "SourceRenumbered",
       .event = "left INBOX renumber",
       .expected = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}}},
      {.name = "SourceMailboxDropped",
       .event = "left Archive drop",
       .expected = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}},
       .or_else = {{"INBOX", "a b:S c d:F"}, {"Archive", "y"}}},
      {.name = "OthersDeliver",
       .event = "right INBOX + z",
       .expected = {{"INBOX", "a b:S c d:F z"}, {"Archive", "x y"}}},
      {.name = "OthersDeliverTheSame",
       .event = "right Archive + x",
       .expected = {{"INBOX", "a b:S c d:F"}, {"Archive", "x x y"}},
       .or_else = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}}},
      {.name = "DestinationRenumbered",
       .event = "right Archive renumber",
       .expected = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}}},
      {.name = "EmptyDestinationRenumbered",
       .event = "right INBOX renumber",
       .expected = {{"INBOX", "a b:S c d:F"}, {"Archive", "x y"}}},
  };
}

class CopyMeanwhile : public ::testing::TestWithParam<Meanwhile> {};

/// The run itself may end with an error of a mailbox; the next one puts it right.
TEST_P(CopyMeanwhile, ConvergesWheneverItHappens) {
  for (const auto& variant : few_variants()) {
    CopyWorld world(kLeft, kRight, variant.behaviour);
    const auto begin = world.remains();
    const auto calm = run_copy(world);
    for (std::uint64_t number = 0; number < calm.operations; ++number) {
      SCOPED_TRACE(fmt::format("{}, at operation {}: {}", variant.name, number, memory::to_string(calm.log[number])));
      world.restore(begin);
      run_copy(world, {.faults = {{.kind = Fault::Kind::event, .operation = number, .event = [&world] {
                                     world.apply(GetParam().event);
                                   }}}});
      const auto next = run_copy(world);

      EXPECT_TRUE(next.result) << next.result.error().describe();
      EXPECT_TRUE(next.report.complete());
      const auto& or_else = GetParam().or_else.empty() ? GetParam().expected : GetParam().or_else;
      EXPECT_THAT(to_mail(world.right().account), ::testing::AnyOf(sorted(GetParam().expected), sorted(or_else)));
      EXPECT_TRUE(run_copy(world).nothing_to_do);
    }
  }
}

std::string many_messages(int count) {
  std::string text;
  for (int number = 0; number < count; ++number)
    text += fmt::format("n{} ", number);
  return text;
}

/// It does not ask for each of its messages, nor report each.
TEST(CopyMeanwhileMany, AMailboxThatCannotBeReadIsGivenUp) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b"}, {"Work", many_messages(400)}}, {}, variant.behaviour);
    world.left().behaviour.unreadable = path("Work");

    const auto outcome = run_copy(world);

    EXPECT_TRUE(outcome.result);
    EXPECT_FALSE(outcome.report.complete());
    EXPECT_LT(outcome.report.failures.size(), 60U);
    EXPECT_LT(outcome.operations, 200U);
    EXPECT_EQ(to_mail(world.right().account), sorted({{"INBOX", "a b"}, {"Work", ""}}));

    world.left().behaviour.unreadable = {};
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(words(to_mail(world.right().account).at("Work")).size(), 400U);
  }
}

TEST(CopyMeanwhileMany, MessagesThatAreExpungedTogetherAreGone) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b"}, {"Work", many_messages(400)}}, {}, variant.behaviour);
    const auto outcome = run_copy(world, {.faults = {{.kind = Fault::Kind::event, .operation = 60, .event = [&world] {
                                                        world.left().account.find(path("Work"))->messages.clear();
                                                      }}}});
    EXPECT_TRUE(outcome.result);
    EXPECT_TRUE(outcome.report.complete());
    EXPECT_TRUE(outcome.report.failures.empty());
    EXPECT_TRUE(run_copy(world).nothing_to_do);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, CopyMeanwhile, ::testing::ValuesIn(table()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace mailferry::test
