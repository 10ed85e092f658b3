// Two accounts in memory and a state file, what happens to them, and whole runs of the copy engine between them.
#pragma once

#include "async/run_loop.hpp"
#include "scenario/mail_text.hpp"
#include "services/earlier_runs.hpp"
#include "services/mailbox_survey.hpp"
#include "state/journal.hpp"
#include "state/mailbox_key.hpp"
#include "stores/memory/memory_store.hpp"
#include "support/run_task.hpp"
#include "sync/copy_run.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace mailferry::test {

namespace memory = stores::memory;

/// What of a world survives a crash.
struct Remains {
  memory::Account left;
  memory::Account right;
  std::map<std::string, std::string> files;  // of the state, by suffix
  bool operator==(const Remains&) const = default;
};

/// Much quicker than reading octet by octet; there are thousands to read.
inline std::string read_whole(const std::string& file) {
  std::string content(std::filesystem::file_size(file), '\0');
  std::ifstream(file, std::ios::binary).read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

class CopyWorld {
 public:
  CopyWorld(const Mail& left, const Mail& right, const memory::Behaviour& behaviour)
      : left_(std::make_shared<memory::Server>("alice@old.example", behaviour, to_account(left))),
        right_(std::make_shared<memory::Server>("alice@new.example", behaviour, to_account(right))) {
    // The tables are made once and not in each of the thousands of runs that begin here.
    EXPECT_TRUE(state::Journal::open(state_file()));
  }

  [[nodiscard]] memory::Server& left() { return *left_; }
  [[nodiscard]] memory::Server& right() { return *right_; }
  [[nodiscard]] const std::shared_ptr<memory::Server>& left_server() const { return left_; }
  [[nodiscard]] const std::shared_ptr<memory::Server>& right_server() const { return right_; }
  [[nodiscard]] std::string state_file() const { return directory_.file("state.db"); }

  [[nodiscard]] Remains remains() const { return {left_->account, right_->account, state_files()}; }
  void restore(const Remains& remains) {
    left_->account = remains.left;
    right_->account = remains.right;
    restore_state(remains.files);
  }
  /// The state as a reader of the disk would find it now; the engine may be at work.
  [[nodiscard]] std::map<std::string, std::string> state_files() const {
    std::map<std::string, std::string> files;
    for (const auto* suffix : {"", "-wal"}) {
      if (std::filesystem::exists(state_file() + suffix)) files[suffix] = read_whole(state_file() + suffix);
    }
    return files;
  }
  void restore_state(const std::map<std::string, std::string>& files) const {
    for (const auto* suffix : {"", "-wal"})
      std::filesystem::remove(state_file() + suffix);
    for (const auto& [suffix, content] : files)
      write_file(state_file() + suffix, content);
  }

  /// "SIDE MAILBOX CHANGE …", SIDE being left or right:
  ///   + WORD …        new messages               - NAME …     the first message of each name is expunged
  ///   = WORD …        other flags                renumber     another UIDVALIDITY
  ///   reset UID       as it was when this was its UIDNEXT, restored from a copy
  ///   repair          modification sequences begin anew
  ///   create, drop    the mailbox
  /// "a#2" is the second message with the name a.
  void apply(const std::string& change) {
    const auto parts = words(change);
    auto& account = (parts.at(0) == "left" ? left_ : right_)->account;
    const auto mailbox = path(parts.at(1));
    if (parts.at(2) == "create") {
      account.create(mailbox);
    } else if (parts[2] == "drop") {
      account.mailboxes.erase(mailbox);
    } else if (parts[2] == "renumber") {
      account.renumber(mailbox);
    } else if (parts[2] == "reset") {
      reset(account.mailboxes.at(mailbox), static_cast<Uid>(std::stoul(parts.at(3))));
    } else if (parts[2] == "repair") {
      repair(account.mailboxes.at(mailbox));
    } else {
      change_mailbox(account.mailboxes.at(mailbox), parts[2], {parts.begin() + 3, parts.end()});
    }
  }
  void apply(const std::vector<std::string>& changes) {
    for (const auto& change : changes)
      apply(change);
  }

 private:
  static void change_mailbox(memory::Mailbox& mailbox, const std::string& change,
                             const std::vector<std::string>& arguments) {
    for (const auto& argument : arguments) {
      const auto [name, letters] = split_word(argument);
      if (change == "+") {
        add_message(mailbox, argument);
      } else if (const auto uid = find(mailbox, name); change == "-") {
        mailbox.expunge(uid);
      } else {
        mailbox.change_flags(uid, to_flags(letters), mailbox.find(uid)->flags.minus(to_flags(letters)));
      }
    }
  }
  static void reset(memory::Mailbox& mailbox, Uid uid_next) {
    std::erase_if(mailbox.messages, [uid_next](const memory::Message& message) { return message.uid >= uid_next; });
    mailbox.uid_next = uid_next;
    ++mailbox.highest_modseq;
  }
  static void repair(memory::Mailbox& mailbox) {
    mailbox.highest_modseq = 1;
    for (auto& message : mailbox.messages)
      message.modseq = 1;
  }
  static Uid find(const memory::Mailbox& mailbox, const std::string& wanted) {
    const auto mark = std::min(wanted.find('#'), wanted.size());
    int number = mark < wanted.size() ? std::stoi(wanted.substr(mark + 1)) : 1;
    for (const auto& message : mailbox.messages) {
      if (name_of(message.octets) == wanted.substr(0, mark) && --number == 0) return message.uid;
    }
    throw std::invalid_argument("no message " + wanted);
  }

  TemporaryDirectory directory_{Medium::memory};
  std::shared_ptr<memory::Server> left_;
  std::shared_ptr<memory::Server> right_;
};

enum class Commits {
  in_the_end,          // what is delivered is recorded when all was carried: a run of the tests takes milliseconds
  at_every_operation,  // as when a run takes long
};

/// What one process of the program is wired from, whatever it does between the accounts of a world.
class WorldProcess {
 public:
  WorldProcess(const WorldProcess&) = delete;
  WorldProcess& operator=(const WorldProcess&) = delete;

 protected:
  /// `remains` gets what would remain if the process were killed before an operation, one for each difference; null:
  /// nobody wants it.
  WorldProcess(CopyWorld& world, const std::vector<memory::Fault>& faults, std::vector<Remains>* remains)
      : world_(world),
        remains_(remains),
        journal_(state::Journal::open(world.state_file()).value()),
        pair_(journal_->pair("alice@old.example:993", "alice@new.example:993").value()),
        pool_(io_),
        network_(io_),
        source_(network_, world.left_server()),
        destination_(network_, world.right_server()) {
    network_.faults = faults;
  }
  ~WorldProcess() = default;

  void note_remains() {
    if (remains_ == nullptr) return;
    auto now = world_.remains();
    if (remains_->empty() || remains_->back() != now) remains_->push_back(std::move(now));
  }

  CopyWorld& world_;
  std::vector<Remains>* remains_;
  std::unique_ptr<state::Journal> journal_;
  state::PairId pair_;
  asio::io_context io_{1};
  async::BlockingPool pool_;
  memory::Network network_;
  memory::MemoryStore source_;
  memory::MemoryStore destination_;
};

/// What one run of the program does, and what is to go wrong in it.
struct RunPlan {
  std::vector<memory::Fault> faults{};
  Commits commits = Commits::in_the_end;
  std::vector<std::string> map{};      // --map
  std::vector<std::string> mailbox{};  // --mailbox
  unsigned connections = 1;
  std::size_t window_octets = 0;
  std::chrono::milliseconds least_quiet{0};
  int attempts = 6;  // of a broken connection
  /// What would remain if the process were killed before an operation: one for each difference.
  std::vector<Remains>* remains = nullptr;
  /// The user asks it to end when so many operations have begun; 0: never.
  std::uint64_t stop_at = 0;
};

struct RunOutcome {
  Result<> result{};
  bool nothing_to_do = false;
  std::uint64_t operations = 0;
  std::vector<memory::Operation> log{};
  sync::Report report{};
};

/// One process of the program, from its start to its end; wired like services/copy.cpp.
class CopyProcess : private WorldProcess {
 public:
  CopyProcess(CopyWorld& world, const RunPlan& plan)
      : WorldProcess(world, plan.faults, plan.remains),
        plan_(plan),
        writer_(io_, pool_, *journal_, pair_),
        context_(io_, source_, destination_, writer_, settings(), progress_, outcome_.report) {
    network_.on_operation = [this](memory::Operation operation) { on_operation(operation); };
  }

  RunOutcome run() {
    outcome_.result = run_task(io_, run_copy());
    outcome_.operations = network_.operations();
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] sync::RunSettings settings() const {
    sync::RunSettings settings;
    settings.connections = plan_.connections;
    settings.window_octets = plan_.window_octets;
    settings.least_quiet = plan_.least_quiet;
    settings.refusal_pause = {};
    settings.second_look = {};
    settings.attempts = plan_.attempts;
    return settings;
  }

  void on_operation(memory::Operation operation) {
    outcome_.log.push_back(operation);
    if (outcome_.log.size() == plan_.stop_at) context_.stop();
    if (plan_.commits == Commits::at_every_operation && progress_.phase == "copying") {
      auto batch = std::exchange(writer_.pending(), state::Batch{});
      EXPECT_TRUE(journal_->apply(pair_, batch));
    }
    note_remains();
  }

  Task<> run_copy() {
    sync::SessionPair pair;
    CO_CHECK(co_await sync::connect_pair(context_, pair));
    sync::make_steady(context_, pair);
    const std::vector<std::string> none;
    CO_TRY(const auto rules, plan::MappingRules::parse(plan_.mailbox, none, plan_.map));
    CO_TRY(const auto stored, services::placed_routes(*journal_, pair_));
    CO_TRY(const auto survey, co_await services::survey_mailboxes(io_, pair, rules, stored));
    const auto specs = services::to_route_specs(survey, [this](const MailboxPath& path) { return renamed(path); });
    sync::CopyRun run(context_, std::move(pair));
    auto worked = co_await plan_and_execute(run, specs);
    co_await run.finish();
    co_return worked;
  }

  Task<> plan_and_execute(sync::CopyRun& run, const std::vector<sync::RouteSpec>& specs) {
    CO_CHECK(co_await run.plan(specs));
    outcome_.nothing_to_do = run.nothing_to_do();
    if (outcome_.nothing_to_do) co_return co_await run.record_checkpoint();
    co_return co_await run.execute();
  }

  MailboxPath renamed(const MailboxPath& path) {
    const auto note = journal_->note(pair_, sync::renamed_note(path));
    return note && *note ? state::parse_mailbox_key(**note).value_or(MailboxPath{}) : MailboxPath{};
  }

  const RunPlan& plan_;
  RunOutcome outcome_;
  sync::JournalWriter writer_;
  sync::Progress progress_;
  sync::RunContext context_;
};

/// A whole run of the program.
inline RunOutcome run_copy(CopyWorld& world, const RunPlan& plan = {}) {
  const auto source = world.left().account;
  auto outcome = CopyProcess(world, plan).run();
  if (std::ranges::find(plan.faults, memory::Fault::Kind::event, &memory::Fault::kind) == plan.faults.end()) {
    EXPECT_TRUE(world.left().account == source) << "the source was changed";
  }
  return outcome;
}

}  // namespace mailferry::test
