#include "command_line.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

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

TEST_F(RunningBridgeOptions, TheFilesOfReplacedToolsAreReadAsTheBridgeReadsThem) {
  const auto bridge = write("config.json",
                            R"({"destination": {"host": "a:1", "user": "u", "pass": "p"},
      "sources": [{"host": "b:1", "user": "u", "pass": "p", "mappings": [{"from": "INBOX", "to": "INBOX"}]}]})");
  const auto gmail = write("gmail.json",
                           R"({"source_server": "a", "source_user": "u", "source_pass": "p",
      "target_user": "u@gmail.com", "target_token_file": "token.json"})");
  const auto folder = bridge.substr(0, bridge.rfind('/'));
  for (const auto* command : {"status", "failures", "retry"}) {
    EXPECT_EQ(accepted({command, "--config", bridge}).options.state_file, folder + "/data/state.mailferry.db");
    EXPECT_EQ(accepted({command, "--config", gmail}).options.state_file, folder + "/sync_state.mailferry.db");
    EXPECT_EQ(accepted({command, "--config", gmail, "--state-file", "/s/joe.json"}).options.state_file,
              "/s/joe.mailferry.db");
  }
  EXPECT_EQ(accepted({"auth", "u@gmail.com", "--config", gmail}).from.user, "u@gmail.com");
}

TEST_F(RunningBridgeOptions, TheStateIsWhereTheServiceManagerSays) {
  ::setenv("STATE_DIRECTORY", "/data", 1);
  EXPECT_EQ(accepted({"status", "--check"}).options.state_file, "/data/bridge.db");
  ::unsetenv("STATE_DIRECTORY");
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
