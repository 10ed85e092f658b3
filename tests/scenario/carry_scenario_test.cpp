// The carriers of a bridge between accounts in memory: killed at every operation, cut at every operation, each message
// arrives once in each mailbox it is mapped to.
#include "scenario/copy_world.hpp"
#include "sync/carry/carrier.hpp"

#include <gmock/gmock.h>

namespace mailferry::test {
namespace {

using memory::Moment;

/// What a bridge is told, and what must be on the destination in the end.
struct Carrying {
  std::string name;
  Mail left;
  Mail right;
  std::vector<std::string> changes;  // after a first run that nothing disturbs; none: there is no first run
  std::vector<std::string> targets;
  Mail expected;
  bool new_only = false;
  std::optional<int> since_days{};
};

class Nobody final : public sync::CarryObserver {
 public:
  void trouble(const std::string&, const Error&) override {}
  void connected(const std::string&, std::size_t, const std::string&) override {}
  void recovered(const std::string&) override {}
  void went_down(const std::string&, const Error&, int) override {}
  void delivered(const std::string&, const sync::Delivery&) override {}
  void left_keywords(const std::string&, const sync::Delivery&, const Flags&, bool) override {}
  void duplicate(const std::string&, const MailboxPath&) override {}
  void parked(const std::string&, const MailboxPath&, Uid uid, const Error& error) override {
    ADD_FAILURE() << "UID " << uid << " is parked: " << error.describe();
  }
  void pruned(const std::string&, const MailboxPath&, std::uint64_t) override {}
};

struct CarryPlan {
  std::vector<memory::Fault> faults{};
  Commits commits = Commits::in_the_end;
  std::vector<Remains>* remains = nullptr;
};

/// One process, from its start until nothing is left to do; wired like services/bridge.cpp.
class CarryProcess : private WorldProcess {
 public:
  CarryProcess(CopyWorld& world, const Carrying& row, const CarryPlan& plan)
      : WorldProcess(world, plan.faults, plan.remains),
        plan_(plan),
        writer_(io_, pool_, *journal_, settings_, pair_),
        context_(io_, destination_, writer_, settings_, observer_),
        source_settings_(to_settings(row)),
        download_(io_),
        carrier_(context_, source_, source_settings_, pair_, download_) {
    settings_.backoff.first = settings_.backoff.ceiling = std::chrono::milliseconds(1);
    settings_.least_quiet = {};
    settings_.claim_pause = std::chrono::milliseconds(1);
    writer_.add_filler([this](state::Batch& batch) { carrier_.save(batch); });
    network_.on_operation = [this](memory::Operation) { on_operation(); };
  }

  /// How many operations it took.
  std::uint64_t run() {
    EXPECT_TRUE(run_task(io_, run_all()));
    return network_.operations();
  }

 private:
  static sync::SourceSettings to_settings(const Carrying& row) {
    sync::SourceSettings settings;
    auto& rule = settings.rules.emplace_back();
    rule.from = path("INBOX");
    for (const auto& target : row.targets)
      rule.to.push_back({.mailbox = path(target)});
    settings.poll_every = std::chrono::hours(1);
    settings.new_only = row.new_only;
    settings.since_days = row.since_days;
    return settings;
  }

  void on_operation() {
    if (plan_.commits == Commits::at_every_operation) {
      state::Batch batch;
      carrier_.save(batch);
      EXPECT_TRUE(journal_->apply(pair_, batch));
    }
    note_remains();
  }

  Task<> run_all() {
    async::TaskScope scope(io_);
    scope.spawn("carrier", carrier_.run());
    while (!is_done())
      co_await network_.turn();
    context_.stopping = true;
    carrier_.stop();
    context_.lanes.stop();
    CO_CHECK(co_await scope.join());
    co_return co_await writer_.flush();
  }

  [[nodiscard]] bool is_done() {
    if (carrier_.state().phase != sync::CarrierState::Phase::waiting) return false;
    return std::ranges::all_of(carrier_.mailboxes(), [](sync::SourceMailbox& mailbox) {
      return mailbox.next_due() == sync::SteadyTime::max() && all_settled(mailbox);
    });
  }
  static bool all_settled(sync::SourceMailbox& mailbox) {
    return std::ranges::all_of(mailbox.routes(), [&](const sync::CarryRoute& route) {
      return route.first_open() >= mailbox.watched().uid_next;
    });
  }

  const CarryPlan& plan_;
  sync::CarrySettings settings_;
  Nobody observer_;
  sync::CarryJournal writer_;
  sync::CarryContext context_;
  sync::SourceSettings source_settings_;
  sync::QuotaGate download_;
  sync::Carrier carrier_;
};

std::uint64_t carry(CopyWorld& world, const Carrying& row, const CarryPlan& plan = {}) {
  return CarryProcess(world, row, plan).run();
}

class CarryScenario : public ::testing::TestWithParam<Carrying> {
 protected:
  CarryScenario() : world_(GetParam().left, GetParam().right, {}) {
    if (GetParam().changes.empty()) return;
    carry(world_, GetParam());
    world_.apply(GetParam().changes);
  }
  void expect_end() { EXPECT_EQ(to_mail(world_.right().account), sorted(GetParam().expected)); }

  CopyWorld world_;
};

TEST_P(CarryScenario, CarriesOnceAndThenNothingIsLeftToDo) {
  carry(world_, GetParam());
  expect_end();
  const auto right = world_.right().account;
  carry(world_, GetParam());
  EXPECT_TRUE(world_.right().account == right) << "a second start changed something";
}

TEST_P(CarryScenario, RecoversAfterBeingKilledAtAnyOperation) {
  const auto begin = world_.remains();
  for (const auto commits : {Commits::in_the_end, Commits::at_every_operation}) {
    std::vector<Remains> remains;
    world_.restore(begin);
    carry(world_, GetParam(), {.commits = commits, .remains = &remains});
    for (std::size_t index = 0; index < remains.size(); ++index) {
      SCOPED_TRACE(fmt::format("killed at difference {} of {}", index, remains.size()));
      world_.restore(remains[index]);
      carry(world_, GetParam());
      expect_end();
    }
  }
}

TEST_P(CarryScenario, GoesOnAfterAConnectionBrokeAtAnyOperation) {
  const auto begin = world_.remains();
  const auto operations = carry(world_, GetParam());
  for (std::uint64_t operation = 0; operation < operations; ++operation) {
    for (const auto moment : {Moment::before, Moment::after}) {
      SCOPED_TRACE(fmt::format("operation {}, {}", operation, moment == Moment::before ? "before" : "after"));
      world_.restore(begin);
      carry(world_, GetParam(), {.faults = {{.operation = operation, .moment = moment}}});
      expect_end();
    }
  }
}

std::vector<Carrying> rows() {
  return {
      {"FirstLook", {{"INBOX", "a b:S c:SF d"}}, {}, {}, {"INBOX"}, {{"INBOX", "a b:S c:SF d"}}},
      {"WithoutMessageId", {{"INBOX", "?a ?b:S c"}}, {}, {}, {"INBOX"}, {{"INBOX", "?a ?b:S c"}}},
      {"EqualCopiesBecomeOne", {{"INBOX", "a a b"}}, {}, {}, {"INBOX"}, {{"INBOX", "a b"}}},
      {"SameHeadersOtherBody", {{"INBOX", "a a' b"}}, {}, {}, {"INBOX"}, {{"INBOX", "a a' b"}}},
      {"SameHeadersAndSizeOtherBody",
       {{"INBOX", "a'1 a'2 b ~c'1 ~c'2 ?d'1 ?d'2"}},
       {},
       {},
       {"INBOX"},
       {{"INBOX", "a'1 a'2 b ~c'1 ~c'2 ?d'1 ?d'2"}}},
      {"OneAfterAnother",
       {{"INBOX", "a'1 ~c'1"}},
       {},
       {"left INBOX + a'2 ~c'2"},
       {"INBOX"},
       {{"INBOX", "a'1 a'2 ~c'1 ~c'2"}}},
      {"OnlyTheOtherIsThere", {{"INBOX", "a'1 a'2 b"}}, {{"INBOX", "a'2 b"}}, {}, {"INBOX"}, {{"INBOX", "a'1 a'2 b"}}},
      {"WithoutMessageIdThereAlready",
       {{"INBOX", "~a ~b'1 ~b'2 ?c"}},
       {{"INBOX", "~a ~b'2 ?c"}},
       {},
       {"INBOX"},
       {{"INBOX", "~a ~b'1 ~b'2 ?c"}}},
      {"OnlyTheOtherWasLeftThere",
       {{"INBOX", "a'1 a'2"}},
       {},
       {"right INBOX - a'1", "left INBOX renumber"},
       {"INBOX"},
       {{"INBOX", "a'1 a'2"}}},
      {"OtherMailThere", {{"INBOX", "a b"}}, {{"INBOX", "x:S y"}}, {}, {"INBOX"}, {{"INBOX", "x:S y a b"}}},
      {"NewMail", {{"INBOX", "a b"}}, {}, {"left INBOX + c:S d"}, {"INBOX"}, {{"INBOX", "a b c:S d"}}},
      {"SomeLeftTheSource",
       {{"INBOX", "a b"}},
       {},
       {"left INBOX - a", "left INBOX + c"},
       {"INBOX"},
       {{"INBOX", "a b c"}}},
      {"NothingOldIsWanted", {{"INBOX", "a b"}}, {{"INBOX", "x"}}, {}, {"INBOX"}, {{"INBOX", "x"}}, true},
      {"OnlyWhatIsNew", {{"INBOX", "a b"}}, {}, {"left INBOX + c d:S"}, {"INBOX"}, {{"INBOX", "c d:S"}}, true},
      {"OnlyOfTheLastYears", {{"INBOX", "a b:S"}}, {}, {}, {"INBOX"}, {{"INBOX", "a b:S"}}, false, 20'000},
      {"NothingSoOld", {{"INBOX", "a b"}}, {{"INBOX", "x"}}, {}, {"INBOX"}, {{"INBOX", "x"}}, false, -20'000},
      {"AnotherValidity",
       {{"INBOX", "a b"}},
       {},
       {"left INBOX renumber", "left INBOX + c"},
       {"INBOX"},
       {{"INBOX", "a b c"}}},
      {"DestinationMadeAnew",
       {{"INBOX", "?a ?b"}},
       {},
       {"right INBOX drop", "right INBOX create", "left INBOX + ?c ?d"},
       {"INBOX"},
       {{"INBOX", "?c ?d"}}},
      {"TwoTargets",
       {{"INBOX", "a b:S c"}},
       {},
       {},
       {"INBOX", "Copies"},
       {{"INBOX", "a b:S c"}, {"Copies", "a b:S c"}}},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, CarryScenario, ::testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace mailferry::test
