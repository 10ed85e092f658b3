#include "cli/exit_codes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mailferry::cli {
namespace {

struct Row {
  ErrorKind kind;
  int code;
};

class ErrorKinds : public testing::TestWithParam<Row> {};

TEST_P(ErrorKinds, HaveTheirExitCode) {
  EXPECT_EQ(exit_code(Error{.kind = GetParam().kind}), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Table, ErrorKinds,
                         testing::Values(Row{ErrorKind::usage, 2}, Row{ErrorKind::network, 3},
                                         Row{ErrorKind::timeout, 3}, Row{ErrorKind::tls, 3}, Row{ErrorKind::auth, 4},
                                         Row{ErrorKind::local_io, 5}, Row{ErrorKind::state_corrupt, 5},
                                         Row{ErrorKind::throttled, 6}, Row{ErrorKind::permission, 6},
                                         Row{ErrorKind::quota, 6}, Row{ErrorKind::mailbox_missing, 6},
                                         Row{ErrorKind::message_missing, 6}, Row{ErrorKind::message_rejected, 6},
                                         Row{ErrorKind::protocol, 6}, Row{ErrorKind::cancelled, 130}));

TEST(ExitCodes, AreInAscendingOrderAndExplained) {
  int before = -1;
  for (const auto& row : exit_code_table()) {
    EXPECT_GT(to_int(row.code), before);
    before = to_int(row.code);
    EXPECT_FALSE(row.meaning.empty());
    EXPECT_NE(exit_codes_help().find(std::string(row.meaning)), std::string::npos);
    EXPECT_NE(exit_codes_markdown().find("| " + std::to_string(to_int(row.code)) + " | "), std::string::npos);
  }
}

}  // namespace
}  // namespace mailferry::cli
