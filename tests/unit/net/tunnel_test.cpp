#include "net/tunnel.hpp"

#include "async/signal_guard.hpp"
#include "net/transport.hpp"
#include "unit/net/net_test_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <thread>

namespace mailferry::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class TunnelTest : public testing::Test {
 protected:
  TransportPtr open(const std::string& command) {
    Endpoint endpoint = plain_endpoint(143);
    endpoint.tunnel = command;
    auto transport = connect_now(context_, endpoint);
    EXPECT_TRUE(transport) << transport.error().describe();
    return transport ? *std::move(transport) : nullptr;
  }
  asio::io_context context_;
};

TEST_F(TunnelTest, IsTheCommandsInputAndOutput) {
  const auto transport = open("echo '* PREAUTH hello'; cat");
  EXPECT_EQ(read_exactly(context_, *transport, 16).value(), "* PREAUTH hello\n");
  ASSERT_TRUE(write_now(context_, *transport, "over and back"));
  EXPECT_EQ(read_exactly(context_, *transport, 13).value(), "over and back");
}

TEST_F(TunnelTest, CarriesMuchInBothDirections) {
  const auto transport = open("cat");
  const auto octets = pattern(3'000'000);
  for (std::size_t at = 0; at < octets.size(); at += 100'000) {
    const auto piece = octets.substr(at, 100'000);
    ASSERT_TRUE(write_now(context_, *transport, piece));
    EXPECT_EQ(read_exactly(context_, *transport, piece.size()).value(), piece);
  }
}

TEST_F(TunnelTest, ThatEndsIsAClosedConnection) {
  const auto transport = open("exit 3");
  const auto read = read_now(context_, *transport);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::network);
  EXPECT_THAT(read.error().message, HasSubstr("the tunnel command for 127.0.0.1"));
}

TEST_F(TunnelTest, ThatSaysNothingMeetsTheDeadline) {
  const auto transport = open("sleep 60");
  const auto read = read_now(context_, *transport, 10, 50ms);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::timeout);
}

TEST_F(TunnelTest, IsEndedWithTheConnection) {
  auto transport = open("echo $$; exec sleep 60");
  const auto pid = std::atoi(read_now(context_, *transport).value().c_str());
  ASSERT_GT(pid, 0);
  ASSERT_EQ(::kill(pid, 0), 0);
  transport.reset();
  for (int tries = 0; tries < 200 && ::kill(pid, 0) == 0; ++tries) {
    std::this_thread::sleep_for(10ms);
    (void)open("true");  // the next one reaps it
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(TunnelTest, DoesNotHoldTheConnectionsOfOthersOpen) {
  const std::string command = "ls /proc/self/fd | wc -l";
  const auto alone = read_now(context_, *open(command)).value();
  const auto first = open("cat");
  const auto second = open("exec sleep 60");
  ASSERT_TRUE(write_now(context_, *first, "x"));
  EXPECT_EQ(read_now(context_, *first).value(), "x");
  EXPECT_EQ(read_now(context_, *open(command)).value(), alone);
}

TEST_F(TunnelTest, CanBeEndedThoughWeHoldSignalsBack) {
  const async::SignalGuard guard{SIGTERM};

  const auto transport = open("kill -TERM $$; echo alive");

  EXPECT_FALSE(read_now(context_, *transport));
}

TEST_F(TunnelTest, HasNoTerminalToAskAt) {
  const auto transport = open("(: </dev/tty) 2>/dev/null && echo yes || echo no");
  EXPECT_EQ(read_now(context_, *transport).value(), "no\n");
}

}  // namespace
}  // namespace mailferry::net
