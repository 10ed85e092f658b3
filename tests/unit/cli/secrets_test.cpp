#include "cli/secrets.hpp"

#include "command_line.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace mailferry::cli {
namespace {

class Secrets : public test::CommandLineTest {
 protected:
  void SetUp() override {
    CommandLineTest::SetUp();
    ::setenv("MAILFERRY_TEST_FROM", "one", 1);
    ::setenv("MAILFERRY_TEST_TO", "two", 1);
  }
};

TEST_F(Secrets, OfBothSidesAreRead) {
  auto invocation = copy({"--from-password-env", "MAILFERRY_TEST_FROM", "--to-password-env", "MAILFERRY_TEST_TO"});
  ASSERT_TRUE(read_secrets(invocation, Prompting::impossible));
  EXPECT_EQ(invocation.from_secret.reveal(), "one");
  EXPECT_EQ(invocation.to_secret.reveal(), "two");
}

TEST_F(Secrets, OfOneSideOnlyWhereThereIsOne) {
  auto invocation = accepted({"folders", "imaps://a@h/", "--from-password-env", "MAILFERRY_TEST_FROM"});
  ASSERT_TRUE(read_secrets(invocation, Prompting::impossible));
  EXPECT_EQ(invocation.from_secret.reveal(), "one");
}

TEST_F(Secrets, ThatNobodyCanBeAskedForAreAUsageErrorThatNamesTheOptionsOfTheSide) {
  auto neither = copy({});
  const auto from = read_secrets(neither, Prompting::impossible);
  ASSERT_FALSE(from);
  EXPECT_EQ(from.error().kind, ErrorKind::usage);
  EXPECT_THAT(from.error().message, testing::HasSubstr("alice@a.example:993"));
  EXPECT_THAT(from.error().remedy, testing::HasSubstr("--from-password-file"));
  auto only_from = copy({"--from-password-env", "MAILFERRY_TEST_FROM"});
  const auto to = read_secrets(only_from, Prompting::impossible);
  ASSERT_FALSE(to);
  EXPECT_THAT(to.error().remedy, testing::HasSubstr("--to-password-file"));
  EXPECT_TRUE(only_from.from_secret.empty()) << "nothing is read or run before it is clear that all can be had";
}

}  // namespace
}  // namespace mailferry::cli
