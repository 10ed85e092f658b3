#include "cli/resolve_bridge.hpp"

#include "unit/db/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace mailferry::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kNative =
    "[account.a]\nhost = \"A\"\nuser = \"u\"\ntls_trust = \"first-use\"\n[account.b]\nhost = \"b\"\nuser = \"u\"\n"
    "[bridge]\nto = \"b\"\n[[bridge.source]]\naccount = \"a\"\n";

class ResolveBridge : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_STATE_HOME", "/state", 1);
    ::unsetenv("STATE_DIRECTORY");
    raw_.config = folder_.file("mailferry.toml");
    test::write_file(raw_.config, kNative);
  }
  void TearDown() override {
    ::unsetenv("XDG_STATE_HOME");
    ::unsetenv("STATE_DIRECTORY");
  }
  config::Bridge resolved() {
    auto any = resolve_bridge(raw_);
    EXPECT_TRUE(any) << any.error().describe();
    return any ? *any->config.bridge : config::Bridge{};
  }
  std::string problem() {
    const auto any = resolve_bridge(raw_);
    EXPECT_FALSE(any);
    if (any) return "";
    EXPECT_EQ(any.error().kind, ErrorKind::usage);
    return any.error().describe();
  }

  test::TemporaryDirectory folder_;
  RawOptions raw_;
};

TEST_F(ResolveBridge, WithoutOptionsIsWhatTheFileSays) {
  const auto bridge = resolved();
  EXPECT_EQ(bridge.destination, "b");
  EXPECT_EQ(bridge.state_file, "/state/mailferry/bridge.db");
  EXPECT_TRUE(bridge.sources.front().idle);
}

TEST_F(ResolveBridge, TheStateIsWhereTheServiceManagerSays) {
  ::setenv("STATE_DIRECTORY", "/var/lib/mailferry:/var/lib/other", 1);
  EXPECT_EQ(resolved().state_file, "/var/lib/mailferry/bridge.db");
  raw_.state = "/s.db";
  EXPECT_EQ(resolved().state_file, "/s.db");
}

TEST_F(ResolveBridge, WhatWasTrustedOnFirstUseIsBesideTheState) {
  const auto any = resolve_bridge(raw_);
  ASSERT_TRUE(any);
  const auto& tls = any->config.find("a")->endpoint.tls;
  EXPECT_EQ(tls.known_servers_file, "/state/mailferry/known_servers");
  EXPECT_EQ(tls.known_as, "a:993");
  EXPECT_EQ(any->config.find("b")->endpoint.tls.known_servers_file, "");
}

TEST_F(ResolveBridge, OptionsOfTheLog) {
  raw_.log = "/l";
  raw_.log_max_size = "10M";
  raw_.log_max_files = "9";
  raw_.log_format = "json";
  raw_.debug = true;
  const auto log = resolved().log;
  EXPECT_EQ(log.target, log::Options::Target::file);
  EXPECT_EQ(log.file, "/l");
  EXPECT_EQ(log.most_octets, 10U << 20);
  EXPECT_EQ(log.most_files, 9U);
  EXPECT_EQ(log.format, log::Format::json);
  EXPECT_EQ(log.level, log::Level::debug);
  raw_.log_level = "error";
  EXPECT_EQ(resolved().log.level, log::Level::error);
}

// Defect G6: the option did nothing.
TEST_F(ResolveBridge, NoIdleAndPollIntervalAreForAllSources) {
  raw_.no_idle = true;
  raw_.poll_interval = "30";
  EXPECT_FALSE(resolved().sources.front().idle);
  EXPECT_EQ(resolved().sources.front().poll_interval, 30s);
  raw_.poll_interval = "5min";
  EXPECT_EQ(resolved().sources.front().poll_interval, 300s);
}

TEST_F(ResolveBridge, AnOldStateIsTakenOverWhenItIsThere) {
  raw_.state_file = folder_.file("joe.json");
  EXPECT_EQ(resolved().take_over, "");
  EXPECT_EQ(resolved().state_file, folder_.file("joe.mailferry.db"));
  test::write_file(raw_.state_file, "{}");
  EXPECT_EQ(resolved().take_over, raw_.state_file);
}

TEST_F(ResolveBridge, WrongValuesAreUsageErrorsThatNameTheOption) {
  const auto says = [&](std::string RawOptions::*option, const char* value) {
    const auto before = std::exchange(raw_.*option, value);
    auto text = problem();
    raw_.*option = before;
    return text;
  };
  EXPECT_THAT(says(&RawOptions::log_level, "loud"), HasSubstr("--log-level"));
  EXPECT_THAT(says(&RawOptions::log_format, "xml"), HasSubstr("--log-format"));
  EXPECT_THAT(says(&RawOptions::log_max_size, "10X"), HasSubstr("--log-max-size"));
  EXPECT_THAT(says(&RawOptions::log_max_files, "-1"), HasSubstr("--log-max-files"));
  EXPECT_THAT(says(&RawOptions::log_max_files, "1001"), HasSubstr("--log-max-files"));
  EXPECT_THAT(says(&RawOptions::poll_interval, "0"), HasSubstr("--poll-interval"));
  EXPECT_THAT(says(&RawOptions::poll_interval, "soon"), HasSubstr("--poll-interval"));
}

TEST_F(ResolveBridge, AFileWithoutABridgeIsAUsageError) {
  test::write_file(raw_.config, "[copy]\n");
  EXPECT_THAT(problem(), HasSubstr("has no section [bridge]"));
}

}  // namespace
}  // namespace mailferry::cli
