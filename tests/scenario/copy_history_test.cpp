// What earlier runs left behind, whole or in pieces: runs that follow neither double mail nor take one message for two.
#include "scenario/stage.hpp"

namespace mailferry::test {
namespace {

Mail right_of(CopyWorld& world) {
  return to_mail(world.right().account);
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

}  // namespace
}  // namespace mailferry::test
