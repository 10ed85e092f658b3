#include "db/statement.hpp"

#include "db/transaction.hpp"
#include "unit/db/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace mailferry::db {
namespace {

constexpr std::array<std::string_view, 1> kTables = {
    "CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT NOT NULL CHECK (text <> 'bad')) STRICT"};
const Format kFormat = {.application_id = 1, .name = "test", .migrations = kTables};
constexpr std::string_view kInsert = "INSERT INTO item VALUES (?1, ?2)";
constexpr std::string_view kSelect = "SELECT id, text FROM item ORDER BY id";

class StatementTest : public ::testing::Test {
 protected:
  void insert(std::int64_t id, std::string_view text) {
    Statement statement = connection_.prepare(kInsert).value();
    const Result<> inserted = statement.run(id, text);
    ASSERT_TRUE(inserted) << inserted.error().describe();
  }
  std::int64_t count() { return connection_.integer("SELECT count(*) FROM item").value(); }

  test::TemporaryDirectory directory_;
  Connection connection_ = Connection::open(directory_.file("test.db"), kFormat).value();
};

TEST_F(StatementTest, GivesBackWhatWasBound) {
  insert(std::numeric_limits<std::int64_t>::min(), std::string_view("a\0b", 3));
  insert(std::numeric_limits<std::int64_t>::max(), std::string_view());

  Statement rows = connection_.prepare(kSelect).value();

  ASSERT_TRUE(rows.step().value());
  EXPECT_EQ(rows.integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(rows.text(1), std::string_view("a\0b", 3));
  ASSERT_TRUE(rows.step().value());
  EXPECT_EQ(rows.integer(0), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(rows.text(1), "");
  EXPECT_FALSE(rows.step().value());
}

TEST_F(StatementTest, MayBeUsedTwiceAtATime) {
  insert(1, "one");
  insert(2, "two");

  Statement outer = connection_.prepare(kSelect).value();
  ASSERT_TRUE(outer.step().value());
  {
    Statement inner = connection_.prepare(kSelect).value();
    ASSERT_TRUE(inner.step().value());
    EXPECT_EQ(inner.integer(0), 1);
  }

  ASSERT_TRUE(outer.step().value());
  EXPECT_EQ(outer.integer(0), 2);
}

TEST_F(StatementTest, ReportsAValueThatHasNoPlace) {
  Statement statement = connection_.prepare(kInsert).value();

  EXPECT_FALSE(statement.run(1, "one", "too many"));
  EXPECT_EQ(count(), 0);
}

TEST_F(StatementTest, ReportsWhatTheTableForbids) {
  Statement statement = connection_.prepare(kInsert).value();

  const Result<> refused = statement.run(1, "bad");

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::state_corrupt);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("contradicts"));
  EXPECT_TRUE(statement.run(1, "good"));
}

TEST_F(StatementTest, RefusesWhatIsNotSql) {
  EXPECT_FALSE(connection_.prepare("SELECT FROM"));
}

TEST_F(StatementTest, ATransactionThatIsNotCommittedLeavesNothing) {
  {
    Transaction transaction = Transaction::begin(connection_).value();
    insert(1, "one");
    EXPECT_EQ(count(), 1);
  }

  EXPECT_EQ(count(), 0);
  EXPECT_FALSE(connection_.in_transaction());
}

TEST_F(StatementTest, ACommittedTransactionStays) {
  {
    Transaction transaction = Transaction::begin(connection_).value();
    insert(1, "one");
    ASSERT_TRUE(transaction.commit());
  }

  EXPECT_EQ(count(), 1);
}

TEST_F(StatementTest, ATransactionBeginsAfterOneThatFailed) {
  {
    Transaction transaction = Transaction::begin(connection_).value();
    insert(1, "one");
    EXPECT_FALSE(connection_.prepare(kInsert).value().run(1, "twice"));
  }

  Transaction transaction = Transaction::begin(connection_).value();
  insert(1, "again");
  EXPECT_TRUE(transaction.commit());
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace mailferry::db
