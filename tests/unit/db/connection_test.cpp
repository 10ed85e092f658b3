#include "db/connection.hpp"

#include "db/transaction.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace mailferry::db {
namespace {

using test::TemporaryDirectory;
using ::testing::HasSubstr;

constexpr std::array<std::string_view, 1> kFirst = {
    "CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"};
constexpr std::array<std::string_view, 2> kSecond = {kFirst[0],
                                                     "ALTER TABLE item ADD COLUMN size INTEGER NOT NULL DEFAULT 7"};
constexpr std::array<std::string_view, 2> kBrokenSecond = {kFirst[0],
                                                           "CREATE TABLE other (id INTEGER); SELECT nonsense"};
const Format kVersion1 = {.application_id = 0x54657374, .name = "test", .migrations = kFirst};
const Format kVersion2 = {.application_id = 0x54657374, .name = "test", .migrations = kSecond};
const Format kBroken2 = {.application_id = 0x54657374, .name = "test", .migrations = kBrokenSecond};
const Format kOther = {.application_id = 0x4f746872, .name = "other", .migrations = kFirst};

class ConnectionTest : public ::testing::Test {
 protected:
  static Result<> insert(Connection& connection, std::string_view text) {
    TRY(Statement statement, connection.prepare("INSERT INTO item (text) VALUES (?1)"));
    return statement.run(text);
  }
  void make(const Format& format, int items) {
    Result<Connection> connection = Connection::open(file_, format);
    ASSERT_TRUE(connection) << connection.error().describe();
    for (int item = 0; item < items; ++item)
      ASSERT_TRUE(insert(*connection, "text"));
  }
  static std::int64_t count(Connection& connection) { return connection.integer("SELECT count(*) FROM item").value(); }

  TemporaryDirectory directory_;
  std::string file_ = directory_.file("test.db");
};

TEST_F(ConnectionTest, KeepsWhatWasWritten) {
  make(kVersion1, 3);

  Result<Connection> again = Connection::open(file_, kVersion1);

  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(count(*again), 3);
}

TEST_F(ConnectionTest, MakesFileAndMissingDirectoriesPrivate) {
  const std::string file = directory_.file("a/b/test.db");

  Result<Connection> connection = Connection::open(file, kVersion1);

  ASSERT_TRUE(connection) << connection.error().describe();
  EXPECT_EQ(test::mode_of(file), 0600U);
  EXPECT_EQ(test::mode_of(file + "-wal"), 0600U);
  EXPECT_EQ(test::mode_of(directory_.file("a/b")), 0700U);
  EXPECT_EQ(test::mode_of(directory_.file("a")), 0700U);
}

TEST_F(ConnectionTest, LeavesOnlyTheFileWhenClosed) {
  make(kVersion1, 1);

  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    names.push_back(entry.path().filename());

  EXPECT_THAT(names, ::testing::ElementsAre("test.db"));
}

TEST_F(ConnectionTest, TakesAnyPathForAFile) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());

  { ASSERT_TRUE(Connection::open(":memory:", kVersion1)); }

  EXPECT_TRUE(std::filesystem::exists(directory_.file(":memory:")));
  std::filesystem::current_path(before);
}

TEST_F(ConnectionTest, RefusesAnEmptyPath) {
  const Result<Connection> connection = Connection::open("", kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::usage);
}

TEST_F(ConnectionTest, RefusesASecondOpeningAndNamesTheProcess) {
  Result<Connection> first = Connection::open(file_, kVersion1);
  ASSERT_TRUE(first);

  const Result<Connection> second = Connection::open(file_, kVersion1);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::local_io);
  EXPECT_EQ(second.error().scope, Scope::run);
  EXPECT_THAT(second.error().message, HasSubstr(fmt::format("{} is in use by process {}", file_, ::getpid())));
  EXPECT_FALSE(second.error().remedy.empty());
}

TEST_F(ConnectionTest, BringsAnOldFileToTheNewestVersion) {
  make(kVersion1, 2);

  Result<Connection> upgraded = Connection::open(file_, kVersion2);

  ASSERT_TRUE(upgraded) << upgraded.error().describe();
  EXPECT_EQ(upgraded->integer("SELECT sum(size) FROM item").value(), 14);
  EXPECT_EQ(upgraded->integer("PRAGMA user_version").value(), 2);
}

TEST_F(ConnectionTest, UndoesAMigrationThatFailsHalfWay) {
  make(kVersion1, 2);

  EXPECT_FALSE(Connection::open(file_, kBroken2));
  Result<Connection> old = Connection::open(file_, kVersion1);

  ASSERT_TRUE(old) << old.error().describe();
  EXPECT_EQ(count(*old), 2);
  EXPECT_EQ(old->integer("SELECT count(*) FROM sqlite_schema").value(), 1);
}

TEST_F(ConnectionTest, LeavesAFileOfANewerVersionAlone) {
  make(kVersion2, 1);
  const std::string before = test::read_file(file_);

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(connection.error().message, HasSubstr("version 2, written by a newer program"));
  EXPECT_EQ(test::read_file(file_), before);
}

TEST_F(ConnectionTest, LeavesAFileOfAnotherProgramAlone) {
  make(kOther, 1);
  const std::string before = test::read_file(file_);

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(connection.error().message, HasSubstr("database of another program"));
  EXPECT_EQ(test::read_file(file_), before);
}

TEST_F(ConnectionTest, LeavesAFileThatIsNoDatabaseAlone) {
  const std::string text(5000, 'x');
  test::write_file(file_, text);

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(connection.error().message, HasSubstr(file_));
  EXPECT_EQ(test::read_file(file_), text);
}

TEST_F(ConnectionTest, LeavesAShortFileThatIsNoDatabaseAlone) {
  for (const std::string text : {"x", "SQLite format 3", "[account.old]\nhost = \"imap.example.org\"\n"}) {
    test::write_file(file_, text);

    const Result<Connection> connection = Connection::open(file_, kVersion1);

    ASSERT_FALSE(connection) << text;
    EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
    EXPECT_THAT(connection.error().message, HasSubstr(file_));
    EXPECT_FALSE(connection.error().remedy.empty());
    EXPECT_EQ(test::read_file(file_), text);
  }
}

TEST_F(ConnectionTest, LeavesAFileAloneThatEndsInItsFirstPage) {
  make(kVersion1, 2);
  const auto whole = test::read_file(file_);
  for (const std::size_t size : {16U, 100U, 101U, 512U, 4095U, 4096U}) {
    const auto text = whole.substr(0, size);
    test::write_file(file_, text);

    const Result<Connection> connection = Connection::open(file_, kVersion1);

    ASSERT_FALSE(connection) << size;
    EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt) << connection.error().describe();
    EXPECT_EQ(test::read_file(file_), text) << size;
  }
}

TEST_F(ConnectionTest, MakesAFileOfAnEmptyOne) {
  test::write_file(file_, "");

  EXPECT_TRUE(Connection::open(file_, kVersion1));
}

/// The log may be all that is left: SQLite would remove it.
TEST_F(ConnectionTest, LeavesTheLogOfAnEmptyFileAlone) {
  test::write_file(file_, "");
  test::write_file(file_ + "-wal", "what was committed");

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(connection.error().message, HasSubstr(file_ + "-wal"));
  EXPECT_EQ(test::read_file(file_ + "-wal"), "what was committed");
}

TEST_F(ConnectionTest, SaysThatTheTablesAreGone) {
  make(kVersion1, 2);
  {
    Result<Connection> connection = Connection::open(file_, kVersion1);
    ASSERT_TRUE(connection->execute("DROP TABLE item"));
  }

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
  EXPECT_FALSE(connection.error().remedy.empty());
}

TEST_F(ConnectionTest, FindsADamagedPageWhenItOpens) {
  make(kVersion1, 2000);
  std::string content = test::read_file(file_);
  ASSERT_GT(content.size(), 3 * 4096U);
  content.replace(2 * 4096, 4096, 4096, '\xa5');
  test::write_file(file_, content);

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(connection.error().message, HasSubstr("is damaged"));
  EXPECT_EQ(test::read_file(file_), content);
}

TEST_F(ConnectionTest, FindsATruncatedFileWhenItOpens) {
  make(kVersion1, 2000);
  std::filesystem::resize_file(file_, 2 * 4096);

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::state_corrupt);
}

TEST_F(ConnectionTest, SaysThatADirectoryCannotBeWritten) {
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0555), 0);
  const test::WithoutRoot ordinary_user;
  if (!ordinary_user.is_possible()) GTEST_SKIP() << "needs an ordinary user";

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::local_io);
  EXPECT_THAT(connection.error().message, HasSubstr("Permission denied"));
  EXPECT_THAT(connection.error().remedy, HasSubstr("writable"));
}

TEST_F(ConnectionTest, SaysThatAFileCannotBeWritten) {
  make(kVersion1, 1);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  ASSERT_EQ(::chmod(file_.c_str(), 0444), 0);
  const test::WithoutRoot ordinary_user;
  if (!ordinary_user.is_possible()) GTEST_SKIP() << "needs an ordinary user";

  const Result<Connection> connection = Connection::open(file_, kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::local_io);
  EXPECT_THAT(connection.error().message, HasSubstr("cannot open for writing " + file_));
}

TEST_F(ConnectionTest, SaysThatADirectoryIsAFile) {
  test::write_file(directory_.file("file"), "");

  const Result<Connection> connection = Connection::open(directory_.file("file/test.db"), kVersion1);

  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::local_io);
  EXPECT_THAT(connection.error().message, HasSubstr("Not a directory"));
}

TEST_F(ConnectionTest, SaysThatNoRoomIsLeftAndKeepsWhatWasThere) {
  Result<Connection> connection = Connection::open(file_, kVersion1);
  ASSERT_TRUE(connection);
  ASSERT_TRUE(insert(*connection, "kept"));
  ASSERT_TRUE(connection->integer("PRAGMA max_page_count=2"));

  const Result<> refused = insert(*connection, std::string(20'000, 'x'));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::local_io);
  EXPECT_THAT(refused.error().message, HasSubstr("no room is left on the disk of " + file_));
  EXPECT_EQ(count(*connection), 1);
}

TEST_F(ConnectionTest, WaitsForAForeignProgramOnlyAsLongAsAllowed) {
  make(kVersion1, 1);
  Result<Connection> holder = Connection::open(file_, kVersion1);
  ASSERT_TRUE(holder);
  // Another name for the file goes round our own lock but not round SQLite's.
  const std::string alias = directory_.file("alias.db");
  std::filesystem::create_symlink(file_, alias);

  const Result<Connection> second = Connection::open(alias, kVersion1, {.busy = std::chrono::milliseconds(1)});

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::local_io);
  EXPECT_THAT(second.error().message, HasSubstr("in use by another process"));
}

TEST_F(ConnectionTest, SurvivesTheLossOfTheProcess) {
  Result<Connection> connection = Connection::open(file_, kVersion1);
  ASSERT_TRUE(connection);
  ASSERT_TRUE(insert(*connection, "kept"));
  const std::string copy = directory_.file("copy.db");
  std::filesystem::copy_file(file_, copy);
  std::filesystem::copy_file(file_ + "-wal", copy + "-wal");

  Result<Connection> recovered = Connection::open(copy, kVersion1);

  ASSERT_TRUE(recovered) << recovered.error().describe();
  EXPECT_EQ(count(*recovered), 1);
}

}  // namespace
}  // namespace mailferry::db
