#include "takeover/old_state.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace mailferry::takeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kSchema =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE folder_offsets(account_folder TEXT PRIMARY KEY, last_uid INTEGER);"
    "CREATE TABLE sync_state(msgid TEXT PRIMARY KEY, created_at DATETIME DEFAULT CURRENT_TIMESTAMP);"
    "CREATE TABLE sync_failures(key TEXT PRIMARY KEY, msgid TEXT, failures INT, last_error TEXT, skipped_at DATETIME);";

/// The database as the tool has it open.
class OldDatabase {
 public:
  explicit OldDatabase(const std::string& path) {
    if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
  }
  OldDatabase(const OldDatabase&) = delete;
  OldDatabase& operator=(const OldDatabase&) = delete;
  ~OldDatabase() { sqlite3_close(handle_); }
  void run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(handle_));
  }

 private:
  sqlite3* handle_ = nullptr;
};

config::BridgeSource source(const std::string& account, std::vector<config::BridgeMapping> mappings) {
  return {.account = account, .mappings = std::move(mappings)};
}

/// Sources alice@a and "odd:user"@b, and one more login "alice" on c when there are to be two.
config::Config make_config(const std::string& file, bool two_hosts = false) {
  config::Config config;
  config::Bridge bridge{.destination = "to", .take_over = file, .names = config::MailboxNames::server};
  const auto add = [&](const std::string& name, const std::string& user) {
    config::Account account;
    account.name = name;
    account.user = user;
    config.accounts.push_back(account);
  };
  add("to", "archive");
  add("one", "alice");
  add("two", "odd:user");
  add("three", "alice");
  bridge.sources.push_back(source("one", {{.from = "INBOX", .to = {"INBOX", "Work"}}, {.from = "a:7", .to = {"B"}}}));
  bridge.sources.push_back(source("two", {{.from = "x:y", .to = {"INBOX"}}}));
  if (two_hosts) bridge.sources.push_back(source("three", {{.from = "INBOX", .to = {"INBOX"}}}));
  config.bridge = bridge;
  return config;
}

class ImapBridgeState : public testing::Test {
 protected:
  void fill(const std::string& sql) {
    OldDatabase database(file_);
    database.run(kSchema + sql);
  }
  TakenOver read(bool two_hosts = false) {
    auto state = read_old_state(make_config(file_, two_hosts));
    EXPECT_TRUE(state) << state.error().describe();
    return state ? *std::move(state) : TakenOver{};
  }
  Error problem() {
    const auto state = read_old_state(make_config(file_));
    EXPECT_FALSE(state);
    return state ? Error{} : state.error();
  }

  test::TemporaryDirectory folder_;
  std::string file_ = folder_.file("state.db");
};

TEST_F(ImapBridgeState, OffsetsAreFoundByUserAndFolderWhateverColonsTheyHave) {
  fill(
      "INSERT INTO folder_offsets VALUES ('alice:INBOX', 3605), ('alice:a:7', 12), ('odd:user:x:y', 4294967295),"
      "('alice:Gone', 9), ('bob:INBOX', 1)");
  const auto state = read();
  EXPECT_EQ(state.tool, ConfigForm::imap_bridge);
  EXPECT_THAT(state.offsets,
              UnorderedElementsAre(TakenOver::Offset{{"one", "INBOX"}, 3605}, TakenOver::Offset{{"one", "a:7"}, 12},
                                   TakenOver::Offset{{"two", "x:y"}, 4294967295U}));
  EXPECT_THAT(state.notes, ElementsAre(HasSubstr("'alice:Gone' is mapped by no source"), HasSubstr("'bob:INBOX'")));
}

TEST_F(ImapBridgeState, WhatWasDeliveredHasItsDestination) {
  fill(
      "INSERT INTO sync_state(msgid) VALUES ('<1@x>' || char(0) || 'INBOX'), ('<1@x>' || char(0) || 'Work'),"
      "(char(0) || 'INBOX'), ('<old form>')");
  EXPECT_THAT(read().delivered,
              UnorderedElementsAre(TakenOver::Delivered{"<1@x>", "INBOX"}, TakenOver::Delivered{"<1@x>", "Work"}));
}

TEST_F(ImapBridgeState, MailWithoutMessageIdIsKnownByItsPlace) {
  fill(
      "INSERT INTO sync_state(msgid) VALUES ('__noid__alice_INBOX_17' || char(0) || 'Work'),"
      "('__noid__nobody_INBOX_17' || char(0) || 'Work'), ('__noid__alice_INBOX_x' || char(0) || 'Work')");
  const auto state = read();
  EXPECT_THAT(state.delivered_uids, ElementsAre(TakenOver::DeliveredUid{{"one", "INBOX"}, 17, "Work"}));
  EXPECT_THAT(state.delivered, IsEmpty());
}

// Also those that the tool would never have tried again: it counted them and went past (defects L1, L3, L4).
TEST_F(ImapBridgeState, EveryFailureIsTold) {
  fill(
      "INSERT INTO sync_failures VALUES ('alice:INBOX:3605', '<f@x>', 1, 'NO too big', NULL),"
      "('odd:user:x:y:7', '__noid__odd:user_x:y_7', 5, 'down', '2026-04-29 09:31:32'),"
      "('alice:Gone:1', '<g@x>', 5, '', NULL)");
  const auto state = read();
  ASSERT_EQ(state.failures.size(), 2U);
  EXPECT_EQ(state.failures[0],
            (TakenOver::Failure{
                .place = {"one", "INBOX"}, .uid = 3605, .message_id = "<f@x>", .reason = "NO too big", .attempts = 1}));
  EXPECT_EQ(state.failures[1].place, (Place{"two", "x:y"}));
  EXPECT_EQ(state.failures[1].message_id, "");
  EXPECT_EQ(state.failures[1].given_up, std::chrono::sys_days(std::chrono::year(2026) / 4 / 29) +
                                            std::chrono::hours(9) + std::chrono::minutes(31) +
                                            std::chrono::seconds(32));
  EXPECT_THAT(state.notes, ElementsAre(HasSubstr("'alice:Gone'")));
}

// The tool shared one offset between both, so it says nothing of either (defect L9).
TEST_F(ImapBridgeState, AnOffsetThatTwoHostsSharedIsNotUsed) {
  fill(
      "INSERT INTO folder_offsets VALUES ('alice:INBOX', 3605), ('alice:a:7', 12);"
      "INSERT INTO sync_state(msgid) VALUES ('<1@x>' || char(0) || 'INBOX')");
  const auto state = read(true);
  EXPECT_THAT(state.offsets, ElementsAre(TakenOver::Offset{{"one", "a:7"}, 12}));
  EXPECT_THAT(state.notes, ElementsAre(HasSubstr("'alice:INBOX' means several accounts")));
  EXPECT_EQ(state.delivered.size(), 1U);
}

TEST_F(ImapBridgeState, PathsAreFoundInTheSpellingOfTheServer) {
  fill(
      "INSERT INTO folder_offsets VALUES ('alice:INBOX.Work.New', 5);"
      "INSERT INTO sync_state(msgid) VALUES ('<1@x>' || char(0) || 'INBOX.Work')");
  auto config = make_config(file_);
  config.bridge->names = config::MailboxNames::paths;
  config.bridge->sources = {source("one", {{.from = "Work/New", .to = {"Work"}}})};
  const auto state = read_old_state(config);
  ASSERT_TRUE(state);
  EXPECT_THAT(state->offsets, ElementsAre(TakenOver::Offset{{"one", "Work/New"}, 5}));
  EXPECT_THAT(state->delivered, ElementsAre(TakenOver::Delivered{"<1@x>", "Work"}));
}

TEST_F(ImapBridgeState, WhatIsOnlyInTheLogIsReadAndNothingIsWritten) {
  OldDatabase database(file_);
  database.run(std::string(kSchema) + "INSERT INTO folder_offsets VALUES ('alice:INBOX', 3605)");
  const auto copy = folder_.file("copy.db");
  std::filesystem::copy_file(file_, copy);
  std::filesystem::copy_file(file_ + "-wal", copy + "-wal");
  const auto before = test::read_file(copy);
  const auto log = test::read_file(copy + "-wal");
  ASSERT_GT(log.size(), 0U);
  ::chmod(copy.c_str(), 0400);

  const auto state = read_old_state(make_config(copy));

  ASSERT_TRUE(state) << state.error().describe();
  EXPECT_EQ(state->offsets.size(), 1U);
  EXPECT_EQ(test::read_file(copy), before);
  EXPECT_EQ(test::read_file(copy + "-wal"), log);
  EXPECT_FALSE(std::filesystem::exists(copy + "-shm"));
  EXPECT_FALSE(std::filesystem::exists(copy + ".lock"));
}

/// Keeps the database open in another process.
class RunningTool {
 public:
  explicit RunningTool(const std::string& file) {
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) throw std::runtime_error("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      OldDatabase database(file);
      database.run("INSERT INTO folder_offsets VALUES ('alice:a:7', 1)");
      if (::write(ready[1], "x", 1) == 1) ::pause();
      ::_exit(0);
    }
    char octet = 0;
    if (::read(ready[0], &octet, 1) != 1) throw std::runtime_error("no child");
    ::close(ready[0]);
    ::close(ready[1]);
  }
  RunningTool(const RunningTool&) = delete;
  RunningTool& operator=(const RunningTool&) = delete;
  ~RunningTool() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_ = -1;
};

TEST_F(ImapBridgeState, AToolThatStillRunsIsAUsageError) {
  fill("");
  {
    const RunningTool tool(file_);
    const auto error = problem();
    EXPECT_EQ(error.kind, ErrorKind::usage);
    EXPECT_THAT(error.message, HasSubstr(file_ + " is in use by another program"));
    EXPECT_FALSE(error.remedy.empty());
  }
  EXPECT_EQ(read().offsets.size(), 1U);  // killed: what it had committed is in the log
}

TEST_F(ImapBridgeState, ADamagedFileIsRefusedByName) {
  fill(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "INSERT INTO sync_state(msgid) SELECT i || char(0) || 'INBOX' FROM n");
  auto content = test::read_file(file_);
  ASSERT_GT(content.size(), 100'000U);
  content.replace(8192, 60'000, 60'000, '\x5a');
  test::write_file(file_, content);
  const auto error = problem();
  EXPECT_EQ(error.kind, ErrorKind::state_corrupt);
  EXPECT_THAT(error.message, HasSubstr(file_));
  EXPECT_FALSE(error.remedy.empty());
  EXPECT_EQ(test::read_file(file_), content);
}

TEST_F(ImapBridgeState, AnotherDatabaseIsRefused) {
  OldDatabase(file_).run("CREATE TABLE t(x)");
  EXPECT_EQ(problem().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(problem().message, HasSubstr("no table folder_offsets"));
}

TEST_F(ImapBridgeState, AnImpossibleUidIsRefused) {
  fill("INSERT INTO folder_offsets VALUES ('alice:INBOX', 4294967296)");
  EXPECT_EQ(problem().kind, ErrorKind::state_corrupt);
}

TEST_F(ImapBridgeState, AFileThatIsNotThereIsAnErrorOfTheDisk) {
  EXPECT_EQ(problem().kind, ErrorKind::local_io);
}

}  // namespace
}  // namespace mailferry::takeover
