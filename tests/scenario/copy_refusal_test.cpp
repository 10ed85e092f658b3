// A destination that says NO, stores part of what it refused, or goes on storing after the connection broke.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

using memory::Behaviour;
using memory::Fault;
using memory::Operation;

Mail right_of(CopyWorld& world) {
  return to_mail(world.right().account);
}

/// The numbers of the operations of one kind in an undisturbed run.
std::vector<std::uint64_t> operations(const RunOutcome& calm, Operation wanted) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t number = 0; number < calm.log.size(); ++number) {
    if (calm.log[number] == wanted) numbers.push_back(number);
  }
  return numbers;
}

const Scenario& batches() {
  static const Scenario scenario{.name = "batches",
                                 .left = {{"INBOX", "a b:S c d e:S f g"}, {"Archive", "x y"}},
                                 .right = {{"INBOX", "z"}},
                                 .changes = {},
                                 .expected = {{"INBOX", "a b:S c d e:S f g z"}, {"Archive", "x y"}}};
  return scenario;
}

TEST(CopyRefusal, EveryAppendMayBeRefusedOnceHoweverMuchOfItWasStored) {
  for (const auto& variant : variants()) {
    Stage stage(batches(), variant);
    const auto appends = operations(stage.run(), Operation::append);
    for (const auto number : appends) {
      for (std::size_t stored = 0; stored < 3; ++stored) {
        SCOPED_TRACE(fmt::format("{}, operation {}, {} stored", variant.name, number, stored));
        stage.reset();
        stage.run({.faults = {{.kind = Fault::Kind::refused, .operation = number, .stored = stored}}});

        stage.expect_finish();
      }
    }
  }
}

TEST(CopyRefusal, EveryAppendMayBeStoredInPartWhenTheConnectionBreaks) {
  for (const auto& variant : variants()) {
    Stage stage(batches(), variant);
    const auto appends = operations(stage.run(), Operation::append);
    for (const auto number : appends) {
      for (std::size_t stored = 1; stored < 3; ++stored) {
        SCOPED_TRACE(fmt::format("{}, operation {}, {} stored", variant.name, number, stored));
        stage.reset();
        const auto broken = stage.run({.faults = {{.operation = number, .stored = stored}}});

        EXPECT_TRUE(broken.result) << broken.result.error().describe();
        stage.expect_end();
      }
    }
  }
}

/// The third turn comes with the second look: one look alone would double the messages.
TEST(CopyRefusal, WhatTheServerStoresLateIsWaitedFor) {
  constexpr std::chrono::milliseconds kQuiet{100};
  for (const auto& variant : few_variants()) {
    Stage stage(batches(), variant);
    const auto appends = operations(stage.run(), Operation::append);
    for (const auto number : appends) {
      SCOPED_TRACE(fmt::format("{}, operation {}", variant.name, number));
      stage.reset();
      const auto broken = stage.run({.faults = {{.operation = number, .late = 3}}, .least_quiet = kQuiet});

      EXPECT_TRUE(broken.result) << broken.result.error().describe();
      stage.expect_end();
    }
  }
}

TEST(CopyRefusal, AnyOtherOperationMayBeRefusedOnce) {
  for (const auto& variant : few_variants()) {
    Stage stage(batches(), variant);
    const auto calm = stage.run();
    for (std::uint64_t number = 0; number < calm.operations; ++number) {
      SCOPED_TRACE(fmt::format("{}, operation {}: {}", variant.name, number, memory::to_string(calm.log[number])));
      stage.reset();
      stage.run({.faults = {{.kind = Fault::Kind::refused, .operation = number}}});

      stage.expect_finish();
    }
  }
}

TEST(CopyRefusal, AMessageThatIsNotLikedStopsNoOther) {
  for (const auto& variant : few_variants()) {
    for (std::size_t stored = 0; stored < 3; ++stored) {
      SCOPED_TRACE(fmt::format("{}, {} stored before it", variant.name, stored));
      CopyWorld world({{"INBOX", "a b:S !c d !e f"}, {"Archive", "x !y"}}, {}, variant.behaviour);
      world.right().behaviour.refused_text = "This is !";
      world.right().behaviour.stored_before_refusal = stored;

      const auto first = run_copy(world);
      EXPECT_TRUE(first.result);
      EXPECT_EQ(first.report.failures.size(), 3U);
      EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S d f"}, {"Archive", "x"}}));

      const auto second = run_copy(world);
      EXPECT_TRUE(second.result);
      EXPECT_EQ(second.report.failures.size(), 3U);
      EXPECT_EQ(second.report.sum(&sync::MailboxReport::present), 5U);
      EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S d f"}, {"Archive", "x"}}));

      world.right().behaviour.refused_text.clear();
      EXPECT_TRUE(run_copy(world).report.complete());
      EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S !c d !e f"}, {"Archive", "x !y"}}));
      EXPECT_TRUE(run_copy(world).nothing_to_do);
    }
  }
}

/// However often it says so: the message waits for the next run rather than lose its keywords for good.
TEST(CopyRefusal, ARefusalThatPassesCostsNoKeywords) {
  for (const auto& variant : few_variants()) {
    for (unsigned times = 1; times < 8; ++times) {
      SCOPED_TRACE(fmt::format("{}, {} times", variant.name, times));
      CopyWorld world({{"INBOX", "a:k b:S !c:Skj d:j e"}}, {}, variant.behaviour);
      world.right().behaviour.busy_text = "This is !";
      world.right().behaviour.busy_appends = times;

      const auto first = run_copy(world);
      EXPECT_TRUE(first.result);
      EXPECT_LE(first.report.failures.size(), 1U);
      EXPECT_TRUE(first.report.warnings.empty());

      world.right().behaviour.busy_appends = 0;
      EXPECT_TRUE(run_copy(world).report.complete());
      EXPECT_EQ(right_of(world), sorted({{"INBOX", "a:k b:S !c:Skj d:j e"}}));
      EXPECT_TRUE(run_copy(world).nothing_to_do);
    }
  }
}

/// It is one problem, not one of each message; and other mailboxes have their turn.
TEST(CopyRefusal, AMailboxWithoutRightsIsGivenUpAloneAndAtOnce) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b:S c d"}, {"Archive", "r s t:k u v w x y"}}, {}, variant.behaviour);
    world.right().behaviour.locked = path("Archive");

    const auto first = run_copy(world);
    EXPECT_TRUE(first.result);
    EXPECT_FALSE(first.report.complete());
    EXPECT_TRUE(first.report.failures.empty());
    const auto archive = std::ranges::find(first.report.mailboxes, path("Archive"), &sync::MailboxReport::destination);
    ASSERT_NE(archive, first.report.mailboxes.end());
    ASSERT_TRUE(archive->error);
    EXPECT_THAT(archive->error->describe(), ::testing::HasSubstr("Archive"));
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S c d"}, {"Archive", ""}}));

    world.right().behaviour.locked = {};
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S c d"}, {"Archive", "r s t:k u v w x y"}}));
    EXPECT_TRUE(run_copy(world).nothing_to_do);
  }
}

TEST(CopyRefusal, AMessageThatAlwaysBreaksTheConnectionStopsNoOther) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b:S !c d e f"}, {"Archive", "x"}}, {}, variant.behaviour);
    world.left().behaviour.breaking_text = "This is !";

    const auto first = run_copy(world);
    EXPECT_TRUE(first.result);
    ASSERT_EQ(first.report.failures.size(), 1U);
    EXPECT_NE(first.report.failures.front().reason.find("in the middle of this message"), std::string::npos);
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S d e f"}, {"Archive", "x"}}));

    world.left().behaviour.breaking_text.clear();
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S !c d e f"}, {"Archive", "x"}}));
  }
}

std::size_t connections_again(const RunOutcome& outcome) {
  return static_cast<std::size_t>(std::ranges::count_if(outcome.report.warnings, [](const std::string& warning) {
    return warning.find("connecting again") != std::string::npos;
  }));
}

/// Batches, and what is sent ahead of the answers, hide which message it was.
TEST(CopyRefusal, AMessageAtWhichTheDestinationDiesStopsNoOther) {
  const std::string many = "a b:S c d e:F f g h i:Sk j k l ?m ?m n o p q r s t u v w y z";
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"Archive", "x x2"}, {"INBOX", many + " !aa:k bb cc"}}, {}, variant.behaviour);
    world.right().behaviour.fatal_text = "This is !";

    const auto first = run_copy(world);
    EXPECT_TRUE(first.result) << first.result.error().describe();
    ASSERT_EQ(first.report.failures.size(), 1U);
    EXPECT_THAT(first.report.failures.front().subject, ::testing::HasSubstr("!aa"));
    EXPECT_THAT(first.report.failures.front().reason, ::testing::HasSubstr("each time when this message was sent"));
    EXPECT_EQ(right_of(world), sorted({{"Archive", "x x2"}, {"INBOX", many + " bb cc"}}));

    world.apply("left INBOX + dd:S ee");
    const auto second = run_copy(world);
    EXPECT_TRUE(second.result) << second.result.error().describe();
    EXPECT_EQ(second.report.failures.size(), 1U);
    EXPECT_EQ(connections_again(second), 1U) << "what was found out is on record";
    EXPECT_EQ(right_of(world), sorted({{"Archive", "x x2"}, {"INBOX", many + " bb cc dd:S ee"}}));

    world.right().behaviour.fatal_text.clear();
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"Archive", "x x2"}, {"INBOX", many + " !aa:k bb cc dd:S ee"}}));
    EXPECT_TRUE(run_copy(world).nothing_to_do);
  }
}

TEST(CopyRefusal, SeveralMessagesAtWhichTheDestinationDiesStopNoOther) {
  CopyWorld world({{"Archive", "!x y z"}, {"INBOX", "a b c d !e f g h"}}, {}, variants()[4].behaviour);
  world.right().behaviour.fatal_text = "This is !";

  const auto outcome = run_copy(world);

  EXPECT_TRUE(outcome.result) << outcome.result.error().describe();
  EXPECT_EQ(outcome.report.failures.size(), 2U);
  EXPECT_EQ(right_of(world), sorted({{"Archive", "y z"}, {"INBOX", "a b c d f g h"}}));
}

/// Its only new message: there is no other to show that the destination takes mail.
TEST(CopyRefusal, TheOnlyMessageIsBlamedWhenTheDestinationAnswersAllElse) {
  CopyWorld world({{"INBOX", "a b"}}, {}, variants()[0].behaviour);
  EXPECT_TRUE(run_copy(world).report.complete());
  world.right().behaviour.fatal_text = "This is !";
  world.apply("left INBOX + !c");

  const auto outcome = run_copy(world, {.attempts = 4});

  EXPECT_TRUE(outcome.result) << outcome.result.error().describe();
  EXPECT_EQ(outcome.report.failures.size(), 1U);
}

/// No message is to blame, and no more is tried than for any destination that is down.
TEST(CopyRefusal, ADestinationThatDiesAtEveryMessageIsDown) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    constexpr int kAttempts = 3;
    CopyWorld world({{"INBOX", "a b:S c d e f"}, {"Archive", "x y"}}, {}, variant.behaviour);
    world.right().behaviour.fatal_text = "This is ";

    const auto first = run_copy(world, {.attempts = kAttempts});
    ASSERT_FALSE(first.result);
    EXPECT_TRUE(first.report.failures.empty());
    EXPECT_EQ(connections_again(first), kAttempts - 1U);

    world.right().behaviour.fatal_text.clear();
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S c d e f"}, {"Archive", "x y"}}));
    EXPECT_TRUE(run_copy(world).nothing_to_do);
  }
}

TEST(CopyRefusal, AMessageThatIsTooLargeStopsNoOther) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    const auto largest = std::max(message_of("a").size(), message_of("c").size());
    ASSERT_GT(message_of("b''''''''''").size() + 300, largest);
    CopyWorld world({{"INBOX", "a c:S b"}}, {}, variant.behaviour);
    world.right().behaviour.append_limit = message_of("b").size() - 1;
    const bool a_fits = message_of("a").size() < message_of("b").size();
    const bool c_fits = message_of("c").size() < message_of("b").size();

    const auto outcome = run_copy(world);

    EXPECT_TRUE(outcome.result);
    EXPECT_EQ(outcome.report.failures.size(), 1U + !a_fits + !c_fits);
  }
}

/// Whatever else is refused: it must not be passed over.
TEST(CopyRefusal, AMessageThatTheSourceListsAndDoesNotSendIsNotForgotten) {
  for (const auto& variant : few_variants()) {
    CopyWorld world({{"INBOX", "a:S !b c d:F"}}, {{"INBOX", "c"}}, variant.behaviour);
    const auto begin = world.remains();
    world.left().behaviour.withheld_text = "This is !";
    const auto calm = run_copy(world);
    EXPECT_EQ(calm.report.failures.size(), 1U);
    for (std::uint64_t number = 2; number < calm.operations; ++number) {
      SCOPED_TRACE(fmt::format("{}, operation {}: {}", variant.name, number, memory::to_string(calm.log[number])));
      world.restore(begin);
      world.left().behaviour.withheld_text = "This is !";
      run_copy(world, {.faults = {{.kind = Fault::Kind::refused, .operation = number}}});
      world.left().behaviour.withheld_text.clear();

      EXPECT_TRUE(run_copy(world).report.complete());
      EXPECT_EQ(right_of(world), sorted({{"INBOX", "a:S !b c d:F"}}));
    }
  }
}

TEST(CopyRefusal, AUidThatIsToldTwiceIsNotBelieved) {
  auto variant = variants()[2];  // one message an APPEND
  variant.behaviour.tells_wrong_uids = true;
  CopyWorld world({{"INBOX", "a b c d"}}, {}, variant.behaviour);
  EXPECT_TRUE(run_copy(world).report.complete());
  world.apply("left INBOX = b:S c:F");

  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S c:F d"}}));
}

/// As when STATUS is answered with NO, for now or always.
void expect_no_doubles(const Variant& variant, memory::Server& (CopyWorld::*side)()) {
  CopyWorld world({{"INBOX", "a b:S"}, {"Archive", "x y:S y:S ?z"}}, {{"Archive", "w"}}, variant.behaviour);
  EXPECT_TRUE(run_copy(world).report.complete());
  (world.*side)().behaviour.untold = path("Archive");
  EXPECT_TRUE(run_copy(world).nothing_to_do);

  world.apply("left Archive + v");
  world.apply("left Archive = x:F");
  EXPECT_TRUE(run_copy(world).report.complete());
  EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S"}, {"Archive", "v w x:F y:S y:S ?z"}}));

  (world.*side)().behaviour.untold = {};
  EXPECT_TRUE(run_copy(world).nothing_to_do);
}

TEST(CopyRefusal, AStatusThatIsNotToldDoublesNothing) {
  for (const auto& variant : variants()) {
    SCOPED_TRACE(variant.name);
    expect_no_doubles(variant, &CopyWorld::left);
    expect_no_doubles(variant, &CopyWorld::right);
  }
}

TEST(CopyRefusal, ANameThatIsRefusedIsReplacedForGood) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"v1.2", "a b"}, {"v1_2", "c"}}, {}, variant.behaviour);
    world.right().behaviour.forbidden_in_names = ".";

    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"v1_2-2", "a b"}, {"v1_2", "c"}}));
    EXPECT_TRUE(run_copy(world).nothing_to_do);

    world.apply("left v1.2 + d:S");
    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"v1_2-2", "a b d:S"}, {"v1_2", "c"}}));
  }
}

}  // namespace
}  // namespace mailferry::test
