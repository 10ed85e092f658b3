// What earlier runs left behind, whole or in pieces: runs that follow neither double mail nor take one message for two.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

Mail right_of(CopyWorld& world) {
  return to_mail(world.right().account);
}

void apply(CopyWorld& world, const std::vector<std::string>& changes) {
  world.apply(changes);
}

/// One run with "mailbox=target" and nothing else.
void copy_one(CopyWorld& world, const std::string& mailbox, const std::string& target) {
  const auto outcome = run_copy(world, {.map = {mailbox + "=" + target}, .mailbox = {mailbox}});
  EXPECT_TRUE(outcome.result) << outcome.result.error().describe();
  EXPECT_TRUE(outcome.report.complete());
}

/// The route as a run records it before anything else.
void record_bare_route(CopyWorld& world, const char* mailbox) {
  const auto journal = state::Journal::open(world.state_file()).value();
  const auto pair = journal->pair("alice@old.example:993", "alice@new.example:993").value();
  state::Batch batch;
  batch.routes.push_back({.source_mailbox = mailbox,
                          .destination_mailbox = mailbox,
                          .source_validity = world.left().account.mailboxes.at(path(mailbox)).uid_validity,
                          .destination_validity = world.right().account.mailboxes.at(path(mailbox)).uid_validity});
  EXPECT_TRUE(journal->apply(pair, batch));
}

TEST(CopyHistory, ARunThatEndedBehindItsFirstRecordDoublesNothing) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b:S c"}}, {{"INBOX", "a b:S z"}}, variant.behaviour);
    record_bare_route(world, "INBOX");

    EXPECT_TRUE(run_copy(world).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b:S c z"}}));
    EXPECT_TRUE(run_copy(world).nothing_to_do);
  }
}

TEST(CopyHistory, MailboxesThatShareARefusedNameGoOnSharingOne) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"One", "a b"}, {"Two", "a c"}}, {}, variant.behaviour);
    world.right().behaviour.forbidden_in_names = ".";
    const RunPlan plan{.map = {"One=v1.2", "Two=v1.2"}};

    EXPECT_TRUE(run_copy(world, plan).report.complete());
    EXPECT_EQ(right_of(world), sorted({{"v1_2", "a a b c"}}));
    EXPECT_TRUE(run_copy(world, plan).nothing_to_do);
  }
}

TEST(CopyHistory, WhatIsCopiedBitByBitIntoOneMailboxKeepsItsDuplicates) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"One", "a b"}, {"Two", "a c"}}, {{"All", "z"}}, variant.behaviour);

    copy_one(world, "One", "All");
    copy_one(world, "Two", "All");
    EXPECT_EQ(right_of(world), sorted({{"All", "a a b c z"}}));
    EXPECT_TRUE(run_copy(world, {.map = {"One=All", "Two=All"}}).nothing_to_do);
  }
}

TEST(CopyHistory, AMailboxThatWasRenamedOrNumberedAnewIsNotAnotherOne) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    for (const std::vector<std::string>& change :
         {std::vector<std::string>{"left One drop", "left Two create", "left Two + a b"}, {"left One renumber"}}) {
      CopyWorld world({{"One", "a b"}}, {{"All", "z"}}, variant.behaviour);
      copy_one(world, "One", "All");
      world.apply(change);

      copy_one(world, change.size() == 1 ? "One" : "Two", "All");
      EXPECT_EQ(right_of(world), sorted({{"All", "a b z"}}));
    }
  }
}

/// What may remain of a run that is killed.
std::vector<Remains> remains_of_run(CopyWorld& world, RunPlan plan = {}) {
  std::vector<Remains> remains;
  plan.commits = Commits::at_every_operation;
  plan.remains = &remains;
  EXPECT_TRUE(run_copy(world, plan).result);
  return remains;
}

void expect_complete(CopyWorld& world, const RunPlan& plan, const Mail& expected) {
  EXPECT_TRUE(run_copy(world, plan).report.complete());
  EXPECT_EQ(right_of(world), sorted(expected));
  EXPECT_TRUE(run_copy(world, plan).nothing_to_do);
}

TEST(CopyHistory, WhatIsKilledTwiceKeepsItsDuplicates) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d a b e d"}}, {}, variant.behaviour);
    for (const auto& first : remains_of_run(world)) {
      world.restore(first);
      const auto second = remains_of_run(world);
      for (std::size_t index = 0; index < second.size(); index += 2) {
        world.restore(second[index]);
        expect_complete(world, {}, {{"INBOX", "a b c d a b e d"}});
      }
    }
  }
}

TEST(CopyHistory, MailboxesThatShareADestinationCanBeStoppedAtAnyTime) {
  const RunPlan plan{.map = {"One=All", "Two=All"}};
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"One", "a b c d"}, {"Two", "a b e d a"}}, {{"All", "z"}}, variant.behaviour);
    const auto begin = world.remains();
    const auto operations = run_copy(world, plan).operations;
    for (std::uint64_t stop = 1; stop <= operations; ++stop) {
      SCOPED_TRACE(stop);
      world.restore(begin);
      auto stopped = plan;
      stopped.stop_at = stop;
      run_copy(world, stopped);
      expect_complete(world, plan, {{"All", "a a a b b c d d e z"}});
    }
  }
}

TEST(CopyHistory, OneMailboxOfSeveralGoesOnAloneAfterAStop) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"One", "a b c"}, {"Two", "a b c d"}}, {{"All", "z"}}, variant.behaviour);
    for (const auto& killed : remains_of_run(world, {.map = {"One=All", "Two=All"}})) {
      world.restore(killed);
      copy_one(world, "One", "All");
      copy_one(world, "Two", "All");
      EXPECT_EQ(right_of(world), sorted({{"All", "a a b b c c d z"}}));
    }
  }
}

TEST(CopyHistory, AMailboxThatIsSetBackKeepsNothingFromBeingCopied) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b c d"}});
    apply(world, {"left INBOX reset 3", "left INBOX + e:S"});
    expect_complete(world, {}, {{"INBOX", "a b c d e:S"}});
    apply(world, {"left INBOX + f g h"});
    expect_complete(world, {}, {{"INBOX", "a b c d e:S f g h"}});
  }
}

TEST(CopyHistory, AServerThatLagsForAWhileDoublesNothing) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b c d"}});
    apply(world, {"left INBOX reset 3", "left INBOX = a:S"});
    expect_complete(world, {}, {{"INBOX", "a:S b c d"}});
    apply(world, {"left INBOX + c d d"});
    expect_complete(world, {}, {{"INBOX", "a:S b c d d"}});
  }
}

TEST(CopyHistory, ADestinationThatIsSetBackGetsWhatItLacks) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d e f"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b c d e f"}});
    apply(world, {"right INBOX reset 4", "right INBOX + z", "left INBOX + g", "left INBOX = e:S"});
    for (const auto& killed : remains_of_run(world)) {
      world.restore(killed);
      expect_complete(world, {}, {{"INBOX", "a b c d e:S f g z"}});
    }
  }
}

TEST(CopyHistory, ADestinationThatIsSetBackAfterAStopGetsWhatItLacks) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d e f a"}}, {}, variant.behaviour);
    for (const auto& killed : remains_of_run(world)) {
      world.restore(killed);
      if (world.right().account.mailboxes.at(path("INBOX")).uid_next > 3) apply(world, {"right INBOX reset 3"});
      expect_complete(world, {}, {{"INBOX", "a a b c d e f"}});
    }
  }
}

TEST(CopyHistory, AMailboxThatIsMadeAnewUnderTheSameNumberIsCopiedWhole) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"Box", "a b c d e"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"Box", "a b c d e"}});
    const auto number = world.right().account.mailboxes.at(path("Box")).uid_validity;
    apply(world, {"right Box drop"});
    world.right().account.next_validity = number;
    for (const auto& killed : remains_of_run(world)) {
      world.restore(killed);
      expect_complete(world, {}, {{"Box", "a b c d e"}});
      world.restore(killed);
      if (!world.right().account.mailboxes.contains(path("Box"))) continue;
      apply(world, {"right Box + u v w x y z"});  // as many as there were, so that the numbers tell nothing
      expect_complete(world, {}, {{"Box", "a b c d e u v w x y z"}});
    }
  }
}

TEST(CopyHistory, ASourceThatLagsAfterAStopDoublesNothing) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b c d"}});
    const auto before = world.left().account;
    apply(world, {"left INBOX + e f g"});
    const auto now = world.left().account;
    for (const auto& killed : remains_of_run(world)) {
      world.restore(killed);
      world.left().account = before;
      EXPECT_TRUE(run_copy(world).report.complete());
      world.left().account = now;
      expect_complete(world, {}, {{"INBOX", "a b c d e f g"}});
    }
  }
}

TEST(CopyHistory, AMailboxThatIsSetBackAfterAStopKeepsNothingFromBeingCopied) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b c d"}});
    apply(world, {"left INBOX + e f g h i j k l m n", "left INBOX = b:S"});
    for (const auto& killed : remains_of_run(world)) {
      world.restore(killed);
      // Only then it is sure that what is settled is behind what the mailbox counts to.
      if (!world.right().account.mailboxes.at(path("INBOX")).find(14)) continue;
      apply(world, {"left INBOX reset 4", "left INBOX + v w"});
      // Set back as well, and grown beyond what is on record since: they tell nothing.
      for (auto& message : world.left().account.mailboxes.at(path("INBOX")).messages)
        message.modseq = 1;
      EXPECT_TRUE(run_copy(world).report.complete());
      const auto mail = words(right_of(world)["INBOX"]);
      for (const auto* name : {"a", "c", "v", "w"})
        EXPECT_EQ(std::ranges::count(mail, name), 1) << name;
    }
  }
}

TEST(CopyHistory, ModificationSequencesThatBeginAnewHideNothing) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c d e f"}}, {}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b c d e f"}});
    apply(world, {"left INBOX repair", "left INBOX + g", "left INBOX = b:F"});
    expect_complete(world, {}, {{"INBOX", "a b:F c d e f g"}});
    apply(world, {"left INBOX repair", "left INBOX + h i j k l m"});
    expect_complete(world, {}, {{"INBOX", "a b:F c d e f g h i j k l m"}});
  }
}

TEST(CopyHistory, AStateFromACopyOfBeforeDoublesNothing) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b"}}, {{"INBOX", "z"}}, variant.behaviour);
    expect_complete(world, {}, {{"INBOX", "a b z"}});
    const auto old = world.state_files();
    apply(world, {"left INBOX + c:S d a"});
    expect_complete(world, {}, {{"INBOX", "a a b c:S d z"}});
    world.restore_state(old);
    apply(world, {"left INBOX + e d"});
    expect_complete(world, {}, {{"INBOX", "a a b c:S d d e z"}});
  }
}

TEST(CopyHistory, AnIntentThatNamesFarMoreThanThereIsCostsNothing) {
  for (const auto& variant : few_variants()) {
    SCOPED_TRACE(variant.name);
    CopyWorld world({{"INBOX", "a b c"}}, {{"INBOX", ""}}, variant.behaviour);
    record_bare_route(world, "INBOX");
    {
      const auto journal = state::Journal::open(world.state_file()).value();
      const auto pair = journal->pair("alice@old.example:993", "alice@new.example:993").value();
      state::Batch batch;
      batch.intents.push_back({.route = journal->routes(pair).value().front().id,
                               .source = UidSet(UidRange{1, 4'000'000'000}),
                               .destination_from = 1});
      EXPECT_TRUE(journal->apply(pair, batch));
    }
    const auto report = run_copy(world).report;
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.mailboxes.front().planned, 3U);
    EXPECT_EQ(right_of(world), sorted({{"INBOX", "a b c"}}));
  }
}

}  // namespace
}  // namespace mailferry::test
