#include "command_line.hpp"

#include <gtest/gtest.h>

namespace mailferry::cli {
namespace {

class RunningBridgeOptions : public test::CommandLineTest {};

TEST_F(RunningBridgeOptions, CommandsForARunningBridgeFindItsState) {
  EXPECT_EQ(accepted({"status"}).options.state_file, directory_ + "/state/mailferry/bridge.db");
  EXPECT_EQ(accepted({"status", "--state", "/s.db"}).options.state_file, "/s.db");
  const auto file = write("b.toml",
                          "[account.a]\nhost='a'\nuser='u'\n[account.b]\nhost='b'\nuser='u'\n"
                          "[bridge]\nto='a'\nstate='/b.db'\n[[bridge.source]]\naccount='b'\n");
  EXPECT_EQ(accepted({"retry", "--config", file}).options.state_file, "/b.db");
  EXPECT_EQ(accepted({"retry", "--config", file, "--state", "/s.db"}).options.state_file, "/s.db");
}

TEST_F(RunningBridgeOptions, OfStatusFailuresAndRetry) {
  EXPECT_FALSE(accepted({"status"}).options.check);
  EXPECT_TRUE(accepted({"status", "--check"}).options.check);
  EXPECT_TRUE(accepted({"status", "--json"}).options.json);
  EXPECT_TRUE(accepted({"retry", "--json"}).options.json);
  EXPECT_FALSE(accepted({"failures"}).options.clear);
  EXPECT_TRUE(accepted({"failures", "--clear", "all"}).options.clear->all);
  const auto one =
      accepted({"failures", "--clear", "42", "--in-account", "a@h:993", "--in-mailbox", "INBOX"}).options.clear;
  EXPECT_EQ(one->uid, 42U);
  EXPECT_EQ(one->account, "a@h:993");
  EXPECT_EQ(one->mailbox, "INBOX");
  for (const auto& line : std::vector<std::vector<std::string>>{{"failures", "--clear", "x"},
                                                                {"failures", "--in-mailbox", "INBOX"},
                                                                {"retry", "--check"},
                                                                {"status", "more"}})
    EXPECT_FALSE(parse(line)) << line[0];
}

}  // namespace
}  // namespace mailferry::cli
