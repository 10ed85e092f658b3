// Random accounts, random changes between runs, runs that are killed or broken at random: in the end all is copied.
#include "scenario/scenarios.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mailferry::test {
namespace {

using memory::Fault;
using memory::Moment;

const std::vector<std::string> kMailboxes = {"INBOX", "Archive", "Work/Old"};
const std::vector<std::string> kNames = {"a", "b", "c", "a'", "b'", "?w", "?v", "d"};
const std::vector<std::string> kLetters = {"", "S", "SF", "A", "k", "FD"};

int below(int end) {
  return *rc::gen::inRange(0, end);
}

std::map<std::string, int> count_names(const memory::Mailbox* mailbox) {
  std::map<std::string, int> counts;
  if (mailbox == nullptr) return counts;
  for (const auto& message : mailbox->messages)
    ++counts[name_of(message.octets)];
  return counts;
}

/// What a history is made of.
struct Ingredients {
  bool duplicates = true;  // few names, so that they recur; otherwise each message is another, and flags can be told
  bool flags = true;
  bool renumbering = true;    // after it nothing tells whose flags are newer: none are taken away then
  bool other_servers = true;  // between runs, as after an upgrade or the reverse
};

/// Two accounts with a history, and how often each message was ever there.
class History {
 public:
  explicit History(Ingredients ingredients)
      : ingredients_(ingredients), variant_(any_variant()), world_(Mail{}, Mail{}, variant_.behaviour) {}

  void change(const std::string& side, int most) {
    for (int moves = below(most + 1); moves > 0; --moves)
      change_once(side);
  }
  void run_somehow() {
    if (ingredients_.other_servers && below(4) == 0) change_servers();
    RunPlan plan;
    plan.commits = below(2) == 0 ? Commits::in_the_end : Commits::at_every_operation;
    plan.connections = below(3) == 0 ? 2 : 1;
    plan.window_octets = below(3) == 0 ? 400 : 0;
    const int how = below(4);
    if (how == 0) return run_and_kill(plan);
    if (how == 1)
      plan.faults = {{.operation = *rc::gen::inRange<std::uint64_t>(0, 40),
                      .moment = below(2) == 0 ? Moment::before : Moment::after}};
    RC_LOG() << (how == 1 ? "broken run\n" : "run\n");
    run(plan);
  }
  RunOutcome run(const RunPlan& plan = {}) {
    const auto before = world_.right().account;
    const auto outcome = run_copy(world_, plan);
    check_nothing_vanished(before);
    return outcome;
  }
  void finish() {
    const auto last = run();
    RC_ASSERT(last.result.has_value());
    RC_ASSERT(last.report.complete());
    const auto right = world_.right().account;
    const auto again = run();
    RC_ASSERT(again.result.has_value());
    RC_ASSERT(again.nothing_to_do);
    RC_ASSERT(to_mail(world_.right().account) == to_mail(right));
    RC_ASSERT(world_.right().account == right);
  }
  /// Each message as often as it must be there, and never more often than it was anywhere.
  void check_counts() {
    for (const auto& [path, mailbox] : world_.left().account.mailboxes) {
      const auto right = count_names(world_.right().account.find(path));
      for (const auto& [name, count] : count_names(&mailbox)) {
        const auto there = right.contains(name) ? right.at(name) : 0;
        RC_LOG() << path.to_string() << " " << name << ": " << count << " and " << there << "\n";
        const Place place(path.to_string(), name);
        RC_ASSERT(there >= count - taken_[place]);
        RC_ASSERT(there <= ever_[place]);
      }
    }
  }
  void check_flags() {
    for (const auto& [path, mailbox] : world_.left().account.mailboxes) {
      const auto text = to_mail(world_.right().account)[path.to_string()];
      const auto right = words(text);
      RC_LOG() << text << "\n";
      for (const auto& message : mailbox.messages) {
        const auto flags = variant_.behaviour.permanent_flags.storable(message.flags);
        RC_ASSERT(std::ranges::count(right, word(name_of(message.octets), to_letters(flags))) == 1);
      }
    }
  }

 private:
  static Variant any_variant() {
    auto variant = *rc::gen::elementOf(variants());
    RC_LOG() << variant.name << "\n";
    return variant;
  }
  void change_servers() {
    const auto keywords = variant_.behaviour.permanent_flags;
    variant_ = any_variant();
    variant_.behaviour.permanent_flags = keywords;
    world_.left().behaviour = world_.right().behaviour = variant_.behaviour;
  }

  std::string any_name() {
    if (!ingredients_.duplicates) return "n" + std::to_string(++last_name_);
    return *rc::gen::elementOf(kNames);
  }
  std::string with_flags(const std::string& name) const {
    return word(name, ingredients_.flags ? *rc::gen::elementOf(kLetters) : "");
  }

  void apply(const std::string& change) {
    RC_LOG() << change << "\n";
    world_.apply(change);
  }

  void change_once(const std::string& side) {
    const auto mailbox = *rc::gen::elementOf(kMailboxes);
    const auto prefix = side + " " + mailbox + " ";
    auto* found = (side == "left" ? world_.left() : world_.right()).account.find(path(mailbox));
    if (found == nullptr) return apply(prefix + "create");
    const int kind = below(10);
    if (found->messages.empty() || kind < 4) return add(prefix, mailbox);
    const auto chosen = name_of((*rc::gen::elementOf(found->messages)).octets);
    if (kind < 7) return apply(prefix + "= " + with_flags(chosen));
    if (kind < 9 || !ingredients_.renumbering) return expunge(prefix, side, mailbox, chosen);
    apply(prefix + "renumber");
  }
  void add(const std::string& prefix, const std::string& mailbox) {
    const auto added = any_name();
    ++ever_[{mailbox, added}];
    apply(prefix + "+ " + with_flags(added));
  }
  void expunge(const std::string& prefix, const std::string& side, const std::string& mailbox,
               const std::string& chosen) {
    if (side == "right") ++taken_[{mailbox, chosen}];
    apply(prefix + "- " + chosen);
  }

  void run_and_kill(RunPlan plan) {
    const auto before = world_.right().account;
    std::vector<Remains> remains;
    plan.remains = &remains;
    run_copy(world_, plan);
    const auto left_behind = *rc::gen::elementOf(remains);
    world_.restore(left_behind);
    RC_LOG() << "killed: " << ::testing::PrintToString(to_mail(world_.right().account)) << "\n";
    check_nothing_vanished(before);
  }

  void check_nothing_vanished(const memory::Account& before) {
    for (const auto& [path, mailbox] : before.mailboxes) {
      const auto* now = world_.right().account.find(path);
      RC_ASSERT(now != nullptr);
      for (const auto& message : mailbox.messages)
        RC_ASSERT(now->find(message.uid) != nullptr);
    }
  }

  Ingredients ingredients_;
  Variant variant_;
  CopyWorld world_;
  int last_name_ = 0;
  using Place = std::pair<std::string, std::string>;
  std::map<Place, int> ever_;   // added on either side
  std::map<Place, int> taken_;  // expunged on the right
};

void expect_all_arrives(Ingredients ingredients) {
  History history(ingredients);
  history.change("left", 12);
  history.change("right", 4);
  for (int rounds = below(4); rounds > 0; --rounds) {
    history.run_somehow();
    history.change("left", 4);
    history.change("right", 3);
  }
  history.finish();
  history.check_counts();
}

/// Nobody else changes the destination, and after a crash the source changes only when that was recovered from.
void expect_flags_follow(Ingredients ingredients) {
  History history(ingredients);
  history.change("left", 12);
  for (int rounds = below(4); rounds > 0; --rounds) {
    history.run_somehow();
    history.run();
    history.change("left", 4);
  }
  history.finish();
  history.check_flags();
}

RC_GTEST_PROP(CopyProperty, AllArrivesWhateverTheHistory, ()) {
  expect_all_arrives({.flags = false});
}

RC_GTEST_PROP(CopyProperty, FlagsFollowTheSource, ()) {
  expect_flags_follow({.duplicates = false, .renumbering = false, .other_servers = false});
}

RC_GTEST_PROP(CopyProperty, AllArrivesWhateverTheHistoryOfFlags, ()) {
  expect_all_arrives({});
}

RC_GTEST_PROP(CopyProperty, FlagsFollowThroughUpgrades, ()) {
  expect_flags_follow({.duplicates = false, .renumbering = false});
}

}  // namespace
}  // namespace mailferry::test
